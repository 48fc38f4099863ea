using Microsoft.ML.Seq2Seq.Evaluation;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Chooses a preset by how much there is to learn from, and a vocabulary by how often its tokens would be seen. The
/// bounds between the presets lie between published results, which are few: advice for a first training.</summary>
internal static class TrainingAdvisor
{
    /// <summary>Multi30k has 0.4 million target tokens, IWSLT 2014 four million, WMT 2014 English-German 130 million and
    /// English-French over a billion.</summary>
    private const long FewTokens = 2_000_000, SomeTokens = 20_000_000, ManyTokens = 500_000_000;

    private const double StrongDropout = 0.3;
    private const int LeastVocabulary = 1000, WordsInBatch = 400;

    /// <param name="largest">The largest vocabulary whose tokens are seen often; null where none is.</param>
    public static TrainingAdvice Advise(
        InspectionOptions options, TextStatistics source, Script sourceScript, VocabularyStatistics vocabulary, int? largest)
    {
        var tokenization = options.Tokenization.Clone();
        var reasons = new List<string>();
        long tokens = vocabulary.Target.Tokens;
        bool words = source.SingleWords > 0.9 && source.Characters.Median <= 20 && Scripts.HasSpaces(sourceScript);
        bool learnsPieces = tokenization.Kind == SubwordKind.BytePairEncoding;
        var training = new TrainingOptions();
        if (words && tokens < SomeTokens && learnsPieces)
        {
            tokenization.Kind = SubwordKind.Character;
            double characters = Math.Max(source.Characters.Mean, vocabulary.Target.Lengths.Mean * vocabulary.Target.CharactersPerToken);
            training.TokensPerBatch = (int)Math.Ceiling(WordsInBatch * characters / 1000) * 1000;
            reasons.Add(FormattableString.Invariant(
                $"The sources are single words: characters as tokens, and batches of about {WordsInBatch} rows, without which Transformers fall behind on such tasks (Wu et al. 2021, EACL)."));
        }
        else if (learnsPieces)
        {
            tokenization.VocabularySize = Round(Math.Max(LeastVocabulary, largest ?? 0));
            string rule = FormattableString.Invariant(
                $"{VocabularySizing.WantedShare:P0} of its learned tokens should be seen {VocabularyTally.WellSeen} times or more, alone or within longer ones (after Gowda and May 2020)");
            reasons.Add(largest >= LeastVocabulary
                ? FormattableString.Invariant($"A vocabulary of {tokenization.VocabularySize:N0}: {rule}. More data bears a larger one.")
                : FormattableString.Invariant($"A vocabulary of {tokenization.VocabularySize:N0}, small as it is, asks for more text: {rule}. SubwordKind.Character is worth a try."));
        }

        var (preset, architecture) = words ? ("Small", TransformerArchitecture.Small) : tokens switch
        {
            < FewTokens => ("Tiny", TransformerArchitecture.Tiny),
            < SomeTokens => ("Small", TransformerArchitecture.Small),
            < ManyTokens => ("Base", TransformerArchitecture.Base),
            _ => ("Big", TransformerArchitecture.Big),
        };
        if (tokens < SomeTokens)
            architecture.Dropout = StrongDropout;
        if (!tokenization.SharedVocabulary)
            architecture.ShareEmbeddings = EmbeddingSharing.DecoderInputOutput;
        reasons.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{preset}, for {tokens:N0} target tokens: ") + (words, preset) switch
        {
            (true, _) => "the size and the dropout of 0.3 that Wu et al. 2021 (EACL) took for single words.",
            (_, "Tiny") => "on 29,000 pairs it is better than larger models, 41.0 BLEU against 39.7 (Small) and 38.3 (Base), all with dropout 0.3 (Wu et al. 2021, ACL).",
            (_, "Small") => "between the 29,000 pairs that Tiny is best for and the millions of the paper's models; dropout 0.3, as is usual for the 160,000 pairs of IWSLT.",
            (_, "Base") => "the paper's model for 4.5 million pairs; a CPU takes long to train it, and Small is a good first try.",
            _ => "the paper's larger model, for 36 million pairs and a GPU.",
        });
        return new TrainingAdvice
        {
            Preset = preset,
            VocabularySize = tokenization.VocabularySize,
            Reasons = reasons,
            Options = new TransformerTrainer.Options
            {
                LabelColumnName = options.LabelColumnName,
                SourceColumnName = options.SourceColumnName,
                ValidationSet = options.ValidationSet,
                Tokenization = tokenization,
                Architecture = architecture,
                Training = training,
            },
        };
    }

    /// <summary>Down to two digits: the rule knows no more.</summary>
    private static int Round(int size)
    {
        int unit = 1;
        while (size / unit >= 100)
            unit *= 10;
        return size / unit * unit;
    }
}
