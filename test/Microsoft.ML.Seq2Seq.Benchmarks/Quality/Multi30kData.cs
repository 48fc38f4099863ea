using System.Globalization;

namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>Captions of photographs, English and German (Multi30k, task 1).</summary>
/// <param name="Training">To learn from.</param>
/// <param name="Validation">To choose by.</param>
/// <param name="Test">test2016: to score once.</param>
/// <param name="Evaluation">How published scores of this flavour are computed.</param>
internal sealed record Multi30kData(PairRow[] Training, PairRow[] Validation, PairRow[] Test, EvaluationOptions Evaluation)
{
    /// <param name="folder">Of all corpora.</param>
    /// <param name="raw">As written, scored with sacreBLEU's default tokenizer; else lower-cased and tokenised by the
    /// corpus's authors, and scored as it is.</param>
    public static Multi30kData Read(string folder, bool raw)
    {
        string suffix = raw ? ".tsv" : ".lc.tok.tsv";
        PairRow[] Rows(string split) => PairRow.Read(folder, "multi30k", split + suffix);
        return new Multi30kData(Rows("train"), Rows("valid"), Rows("test2016"),
            new EvaluationOptions { BleuTokenizer = raw ? BleuTokenizer.Tok13a : BleuTokenizer.None });
    }

    /// <summary>BLEU of what a run trained, on the test rows and on those that it was chosen by.</summary>
    public IReadOnlyList<StudyScore> Score(StudyRun run) =>
        [Bleu("test2016", run.Score(Test, Evaluation)), Bleu("validation", run.Score(Validation, Evaluation))];

    private static StudyScore Bleu(string rows, Seq2SeqMetrics metrics)
    {
        string precisions = string.Join('/', metrics.BleuPrecisions.Select(p => p.ToString("f1", CultureInfo.InvariantCulture)));
        return new StudyScore($"BLEU, {rows}", metrics.Bleu, string.Create(CultureInfo.InvariantCulture,
            $"{precisions}, brevity penalty {metrics.BleuBrevityPenalty:f3}, {metrics.BleuSignature}"));
    }
}
