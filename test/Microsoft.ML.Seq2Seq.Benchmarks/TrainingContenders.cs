using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>The same model and the same batches for every way of training that the benchmarks compare.</summary>
internal sealed class TrainingContenders : IDisposable
{
    public const string Plain = "plain", Float32 = "float32", Auto = "auto";
    private const int Shortest = 15, Longest = 35; // tokens of a sentence
    private const int DistinctBatches = 8;
    private const double DropoutRate = 0.1;
    private const double LearningRate = 1e-4;
    private const double LabelSmoothing = 0.1;

    private readonly List<IDisposable> _owned = [];
    private readonly TransformerArchitecture _architecture;
    private readonly int _vocabulary;

    public TrainingContenders(string config, int tokensPerBatch, PositionalEncodingKind positions = PositionalEncodingKind.Sinusoidal)
    {
        bool tiny = config == "tiny";
        _architecture = tiny ? TransformerArchitecture.Tiny : TransformerArchitecture.Base;
        _architecture.NormPlacement = NormPlacement.Post; // as nn.Transformer
        // nn.Transformer drops at all three places.
        _architecture.Dropout = _architecture.AttentionDropout = _architecture.ActivationDropout = DropoutRate;
        _architecture.PositionalEncoding = positions; // the plain loop's stay sinusoidal
        _vocabulary = tiny ? 10_000 : 32_000;
        Pairs = Sentences(tokensPerBatch);
        Batches = [.. new BatchPlanner(Pairs, tokensPerBatch).Shuffled(seed: 1, epoch: 1)];
    }

    public static IReadOnlyList<string> Names { get; } = [Plain, Float32, Auto];

    public EncodedPairs Pairs { get; }

    /// <summary>Rows of each batch.</summary>
    public IReadOnlyList<int[]> Batches { get; }

    /// <summary>A training step of one of <see cref="Names"/>, with fresh weights.</summary>
    public Action<int[]> Step(string name)
    {
        if (name == Plain)
        {
            var plain = Own(new TrainingPlainLoop(_architecture, _vocabulary, DropoutRate, LabelSmoothing, LearningRate));
            return rows => plain.Step(Pairs, rows);
        }
        var generator = Own(new Generator(1, CPU));
        var model = Own(new TransformerModel(_architecture, _vocabulary, _vocabulary, generator));
        var precision = name == Float32 ? TrainingPrecision.Float32 : TrainingPrecision.Auto;
        var step = Own(new TrainingStep(model, new TrainingOptions { LabelSmoothing = LabelSmoothing, Precision = precision }, seed: 1));
        return rows => step.Run(Pairs, [rows], LearningRate);
    }

    /// <summary>Floating-point operations of the matrix products with weights for a batch, forward and back: two for each weight
    /// and token that meets it, three times. Attention's own products (under two per cent here) are left out.</summary>
    public double ProductFlops(int[] rows)
    {
        double source = rows.Sum(row => Pairs.SourceLength(row) + 1.0), target = rows.Sum(row => Pairs.TargetLength(row) + 1.0);
        double width = _architecture.ModelDimension, attention = width * width, feedForward = 2 * width * _architecture.FeedForwardDimension;
        double encoder = source * _architecture.EncoderLayers * (4 * attention + feedForward);
        double decoder = _architecture.DecoderLayers * (target * (6 * attention + feedForward) + source * 2 * attention);
        return 6 * (encoder + decoder + target * width * _vocabulary);
    }

    public void Dispose() => Enumerable.Reverse(_owned).ToList().ForEach(owned => owned.Dispose());

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    /// <summary>Random sentences, enough for the batches.</summary>
    private EncodedPairs Sentences(int tokensPerBatch)
    {
        var random = new Random(1);
        var pairs = new EncodedPairs();
        int[] Sentence(int length) => [.. Enumerable.Range(0, length).Select(_ => random.Next(4, _vocabulary))];
        while (pairs.TargetTokens < DistinctBatches * (long)tokensPerBatch)
        {
            int length = random.Next(Shortest, Longest + 1);
            pairs.Add(Sentence(length), Sentence(Math.Max(1, length + random.Next(-2, 3))));
        }
        return pairs;
    }
}
