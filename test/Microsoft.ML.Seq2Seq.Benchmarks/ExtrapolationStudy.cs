using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Evaluation;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Tokenization;
using Microsoft.ML.Seq2Seq.Training;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>
/// Models of every kind of positions, trained on texts of at most 128 tokens and decoded at 128, 256 and 512. The task
/// stands for a monotone rewriting of text: the source is copied. A token occurs once in a text, so that context says
/// where the model is, as words do in text; who counts positions instead has never seen the later ones.
/// </summary>
internal static class ExtrapolationStudy
{
    /// <summary>Of training, unless another number is asked for.</summary>
    public const int MostSteps = 8000;

    private const int Alphabet = 520;
    private const int Shortest = 4, Short = 16, Longest = 128;
    private const double ShareOfShort = 0.4; // of the steps: the first are on short texts, where looking things up is learned soonest
    private const int Rows = 20_000; // more than the model could learn by heart
    private const int TokensPerBatch = 512;
    private const double HighestRate = 1e-3;
    private const int Warmup = 100;
    private const int StepsPerLoss = 50;
    private const double EnoughLoss = 1e-4; // nats a token: sure even where four times as many tokens compete for attention
    private const int TestRows = 8;
    private const int FirstToken = SpecialTokens.FirstText;
    private const int Vocabulary = FirstToken + Alphabet;

    private static readonly int[] _testLengths = [128, 256, 512];

    private static readonly (string Name, PositionalEncodingKind Kind, int? Window)[] _kinds =
    [
        ("rotary", PositionalEncodingKind.Rotary, null),
        ("rotary, window 32", PositionalEncodingKind.Rotary, 32),
        ("ALiBi", PositionalEncodingKind.Alibi, null),
        ("ALiBi, window 32", PositionalEncodingKind.Alibi, 32),
        ("relative", PositionalEncodingKind.Relative, null),
        ("sinusoidal", PositionalEncodingKind.Sinusoidal, null),
        ("learned", PositionalEncodingKind.Learned, null),
    ];

    /// <summary>Of the kinds.</summary>
    public static string[] Names => [.. _kinds.Select(kind => kind.Name)];

    /// <summary>Trains and measures.</summary>
    /// <param name="maxSteps">Of each kind.</param>
    /// <param name="only">A kind by its name; null: all.</param>
    public static void Run(int maxSteps, string? only)
    {
        var random = new Random(1);
        EncodedPairs Texts(int longest)
        {
            var pairs = new EncodedPairs();
            for (int i = 0; i < Rows; i++)
                Add(pairs, random, (int)Math.Round(Shortest * Math.Pow((double)longest / Shortest, random.NextDouble()))); // as many short as long
            return pairs;
        }

        EncodedPairs[] training = [Texts(Short), Texts(Longest)];
        Print($"{"positions",-20}{"steps",7}{"loss",9}{string.Concat(_testLengths.Select(length => $"{length,8}"))}   tokens right, greedy");
        foreach (var (name, kind, window) in _kinds.Where(kind => kind.Name == (only ?? kind.Name)))
        {
            using var generator = new Generator(1, CPU);
            using var model = new TransformerModel(Architecture(kind, window), Vocabulary, Vocabulary, generator);
            var (steps, loss) = Train(model, training, maxSteps);
            var accuracies = _testLengths.Select(length => Accuracy(model, length)).ToArray();
            Print($"{name,-20}{steps,7}{loss,9:f4}{string.Concat(accuracies.Select(accuracy => FormattableString.Invariant($"{accuracy,8:p1}")))}");
            Print($"RATIO long/extrapolate/{name.Replace(", ", "-", StringComparison.Ordinal).Replace(' ', '-')}/512 {accuracies[^1] / accuracies[0]:f3}");
        }
    }

    private static TransformerArchitecture Architecture(PositionalEncodingKind kind, int? window) => new()
    {
        ModelDimension = 128,
        Heads = 4, // wide enough to tell all tokens apart
        EncoderLayers = 2,
        DecoderLayers = 2,
        FeedForwardDimension = 256,
        Dropout = 0,
        PositionalEncoding = kind,
        AttentionWindow = window,
    };

    private static (int Steps, double Loss) Train(TransformerModel model, EncodedPairs[] stages, int maxSteps)
    {
        using var step = new TrainingStep(model, new TrainingOptions { LabelSmoothing = 0, Precision = TrainingPrecision.Float32 }, seed: 1);
        double loss = double.NaN;
        int steps = 0;
        var sum = new LossSum();
        for (int epoch = 1; ; epoch++)
        {
            bool isShort = steps < ShareOfShort * maxSteps;
            var pairs = stages[isShort ? 0 : 1];
            foreach (int[] rows in new BatchPlanner(pairs, TokensPerBatch).Shuffled(seed: 1, epoch))
            {
                double done = (double)steps / maxSteps;
                if (isShort && done >= ShareOfShort)
                    break;
                double rate = HighestRate * Math.Min(1, ++steps / (double)Warmup) * Math.Min(1, 2 * (1 - done) + 0.05);
                sum += step.Run(pairs, [rows], rate).Loss;
                if (steps % StepsPerLoss != 0)
                    continue;
                loss = sum.Likelihood / sum.Tokens;
                sum = default;
                if (steps >= maxSteps || !isShort && loss < EnoughLoss)
                    return (steps, loss);
            }
        }
    }

    /// <summary>1 - edit distance / length: of the target tokens, the share that is right. (One that is left out makes one
    /// error, although all that follow it then stand a place too early.)</summary>
    private static double Accuracy(TransformerModel model, int length)
    {
        var random = new Random(2);
        var pairs = new EncodedPairs();
        for (int i = 0; i < TestRows; i++)
            Add(pairs, random, length);
        using var source = SourceBatch.Create([.. Enumerable.Range(0, TestRows).Select(i => pairs.Source(i).ToArray())], CPU);
        var hypotheses = Search.Run(model, source, new DecodingOptions
        {
            Strategy = DecodingStrategy.Greedy,
            MaxLength = length + 1,
            MaxLengthRatio = 2,
        });
        var comparer = new SequenceComparer();
        return Enumerable.Range(0, TestRows).Average(i =>
            Math.Max(0, 1 - comparer.Distance(hypotheses[i][0].Tokens, pairs.Target(i)) / (double)length));
    }

    /// <summary>Different tokens in random order, after the one that every text begins with.</summary>
    private static void Add(EncodedPairs pairs, Random random, int length)
    {
        int[] letters = [.. Enumerable.Range(1, Alphabet - 1)];
        random.Shuffle(letters);
        int[] source = [.. letters.Take(length - 1).Prepend(0).Select(letter => FirstToken + letter)];
        pairs.Add(source, source);
    }
}
