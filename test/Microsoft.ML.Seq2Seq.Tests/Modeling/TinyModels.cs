using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>Small models and batches for tests.</summary>
internal static class TinyModels
{
    public static TransformerArchitecture Architecture(Action<TransformerArchitecture>? change = null)
    {
        var architecture = new TransformerArchitecture
        {
            ModelDimension = 16,
            Heads = 4,
            EncoderLayers = 2,
            DecoderLayers = 2,
            FeedForwardDimension = 24,
            Dropout = 0,
        };
        change?.Invoke(architecture);
        architecture.Validate();
        return architecture;
    }

    public static RecurrentArchitecture Recurrent(Action<RecurrentArchitecture>? change = null)
    {
        var architecture = new RecurrentArchitecture
        {
            HiddenDimension = 12,
            EmbeddingDimension = 10,
            EncoderLayers = 2,
            DecoderLayers = 2,
            Dropout = 0,
        };
        change?.Invoke(architecture);
        architecture.Validate();
        return architecture;
    }

    public static TransformerModel Create(
        TransformerArchitecture? architecture = null, int vocabulary = 13, ulong seed = 1, LongAttention? when = null) => Disturbed(
            generator => new TransformerModel(architecture ?? Architecture(), vocabulary, vocabulary, generator) { Long = when ?? new() }, seed);

    public static RecurrentModel Create(RecurrentArchitecture architecture, int vocabulary = 13, ulong seed = 1) =>
        Disturbed(generator => new RecurrentModel(architecture, vocabulary, vocabulary, generator), seed);

    /// <summary>A model of either kind, by its architecture.</summary>
    public static SequenceModel CreateAny(object architecture) => architecture is RecurrentArchitecture recurrent
        ? Create(recurrent)
        : Create((TransformerArchitecture)architecture);

    private static T Disturbed<T>(Func<Generator, T> create, ulong seed)
        where T : SequenceModel
    {
        using var generator = new Generator(seed, torch.CPU);
        var model = create(generator);
        // Fresh biases and gains are zeros and ones, which would hide a mistake in either.
        using var noGrad = torch.no_grad();
        using Scalar deviation = 0.3;
        foreach (var (name, parameter) in model.named_parameters())
            if (name.EndsWith("bias", StringComparison.Ordinal) || parameter.dim() == 1)
                parameter.Accumulate(torch.randn(parameter.shape, generator: generator).mul_(deviation));
        return model;
    }

    public static EncodedPairs Pairs(params (int[] Source, int[] Target)[] rows)
    {
        var pairs = new EncodedPairs();
        foreach (var (source, target) in rows)
            pairs.Add(source, target);
        return pairs;
    }

    public static Batch Batch(params (int[] Source, int[] Target)[] rows) =>
        Microsoft.ML.Seq2Seq.Batching.Batch.Create(Pairs(rows), Enumerable.Range(0, rows.Length).ToArray(), torch.CPU);

    /// <summary>Ids 4 … vocabulary-1, as text would have them.</summary>
    public static int[] Tokens(Random random, int length, int vocabulary = 13) =>
        [.. Enumerable.Range(0, length).Select(_ => random.Next(4, vocabulary))];

    /// <summary>(B, T, V) of a teacher-forced pass.</summary>
    public static Tensor Logits(SequenceModel model, Batch batch)
    {
        using var noGrad = torch.no_grad();
        using var scope = NewDisposeScope();
        return model.Logits(model.Forward(batch, training: null)).MoveToOuterDisposeScope();
    }

    public static void AssertClose(Tensor expected, Tensor actual, double tolerance, string? what = null)
    {
        CollectionAssert.AreEqual(expected.shape, actual.shape, what);
        double difference = expected.sub(actual).abs().max().item<float>();
        Assert.IsLessThanOrEqualTo(tolerance, difference, $"{what} differs by {difference:g3}, allowed {tolerance:g3}");
    }
}
