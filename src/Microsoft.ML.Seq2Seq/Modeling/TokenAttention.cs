using System.Runtime.Intrinsics.X86;
using Microsoft.ML.Seq2Seq.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// Attention in training on a CPU, from matrices of tokens to a matrix of tokens, with its gradients: <see cref="HeadAttention"/> for each
/// sequence and head. libtorch makes a dozen passes over padded heads for it, and products too small for a library's call.
/// </summary>
internal sealed class TokenAttention : autograd.SingleTensorFunction<TokenAttention>
{
    /// <summary>Whether it's the faster one: its products need the registers of AVX-512.</summary>
    public static bool IsFaster => Avx512F.IsSupported;

    public override string Name => "attention of tokens";

    /// <summary>Within sequences: (N, (H + 2·groups)·d) queries, keys and values side by side → (N, H·d), of the same type.</summary>
    public static Tensor Apply(Tensor projected, Settings settings)
    {
        using var scope = NewDisposeScope(); // the forward pass leaves a handle of its own
        return apply(projected.contiguous(), settings.Bias.Distances!, settings).MoveToOuterDisposeScope();
    }

    /// <summary>To other sequences: (N, H·d) queries, (M, 2·groups·d) keys and values side by side → (N, H·d), of the same type.</summary>
    public static Tensor Apply(Tensor queries, Tensor memory, Settings settings)
    {
        using var scope = NewDisposeScope();
        return apply(queries.contiguous(), memory.contiguous(), settings.Bias.Distances!, settings).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var settings = (Settings)vars[^1];
        Tensor[] inputs = [.. vars[..^2].Cast<Tensor>()];
        ctx.save_for_backward([.. inputs]);
        ctx.save_data(nameof(Settings), settings);
        var results = settings.Queries.NewRows(settings.Heads * settings.Dimension, inputs[0].dtype);
        if (results.dtype == ScalarType.BFloat16)
            Forward<BFloat16Numbers>(inputs, results, settings);
        else
            Forward<Float32Numbers>(inputs, results, settings);
        return results;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var settings = (Settings)ctx.get_data(nameof(Settings));
        Tensor[] inputs = [.. ctx.get_saved_variables()];
        return settings.Gradients.Differentiate(inputs.Length + 2, scope =>
        {
            var dy = grad_output.MoveToOtherDisposeScope(scope).contiguous();
            Tensor[] gradients = [.. inputs.Select((input, i) => (i == 0 ? settings.Queries : settings.Keys).NewRows(input.shape[1], input.dtype))];
            var distances = Distances.WithGradients(settings);
            if (dy.dtype == ScalarType.BFloat16)
                Backward<BFloat16Numbers>(inputs, dy, gradients, distances, settings);
            else
                Backward<Float32Numbers>(inputs, dy, gradients, distances, settings);
            return distances.Gradients is { } ofHeads ? [.. gradients, ofHeads.sum(dim: 0)] : gradients;
        });
    }

    private static void Forward<T>(Tensor[] inputs, Tensor results, Settings settings)
        where T : INumbers
    {
        var (input, output) = (new Columns(inputs, settings), Matrix.Of(results, settings.Queries));
        var distances = new Distances(settings);
        ForEachGroup(settings, isBackward: false, (attention, sequence, group) =>
        {
            attention.Begin<T>(input.Keys<T>(sequence, group), input.Values<T>(sequence, group));
            for (int head = settings.FirstHead(group); head < settings.FirstHead(group + 1); head++)
                attention.Forward<T>(input.Queries<T>(sequence, head), output.Head<T>(sequence, head * settings.Dimension),
                    settings.Seed(sequence, head), distances.Of(sequence, head));
        });
        GC.KeepAlive(inputs);
        GC.KeepAlive(results);
    }

    private static void Backward<T>(Tensor[] inputs, Tensor resultGradients, Tensor[] gradients, Distances distances, Settings settings)
        where T : INumbers
    {
        var (input, gradient, output) = (new Columns(inputs, settings), new Columns(gradients, settings), Matrix.Of(resultGradients, settings.Queries));
        ForEachGroup(settings, isBackward: true, (attention, sequence, group) =>
        {
            attention.Begin<T>(input.Keys<T>(sequence, group), input.Values<T>(sequence, group));
            for (int head = settings.FirstHead(group); head < settings.FirstHead(group + 1); head++)
                attention.Backward<T>(input.Queries<T>(sequence, head), output.Head<T>(sequence, head * settings.Dimension),
                    gradient.Queries<T>(sequence, head), settings.Seed(sequence, head), distances.Of(sequence, head));
            attention.End<T>(gradient.Keys<T>(sequence, group), gradient.Values<T>(sequence, group));
        });
        GC.KeepAlive(inputs);
        GC.KeepAlive(resultGradients);
        GC.KeepAlive(gradients);
    }

    /// <summary>Shares the groups of heads of all sequences out to libtorch's number of threads.</summary>
    private static void ForEachGroup(Settings settings, bool isBackward, Action<HeadAttention, int, int> work) =>
        ThreadSetting.Share(settings.Queries.Sequences * settings.Groups, (start, end) =>
        {
            using var attention = new HeadAttention(
                settings.Dimension, settings.Keys.Length, settings.Bias, settings.Dropout?.Kernel, isBackward);
            for (int i = (int)start; i < end; i++)
                work(attention, i / settings.Groups, i % settings.Groups);
        });

    /// <param name="Queries">Where the tokens of the queries are.</param>
    /// <param name="Keys">Where those of keys and values are.</param>
    /// <param name="Heads">H</param>
    /// <param name="Groups">Heads of keys and values.</param>
    /// <param name="Dimension">d</param>
    /// <param name="Bias">What positions do.</param>
    /// <param name="Dropout">Of shares; null: none.</param>
    /// <param name="Gradients">What is returned to autograd.</param>
    internal sealed record Settings(
        PackedTokens Queries, PackedTokens Keys, int Heads, int Groups, int Dimension, TokenBias Bias, DropoutPlan? Dropout, GradientHold Gradients)
    {
        /// <summary>Of those that share a group's keys and values.</summary>
        public int FirstHead(int group) => group * (Heads / Groups);

        /// <summary>Of dropout: each head of each sequence draws for itself.</summary>
        public ulong Seed(int sequence, int head) => SplitMix64.Combine(Dropout?.Seed ?? 0, (ulong)sequence * (ulong)Heads + (ulong)head);
    }

    /// <summary>The bias of all heads by distance, and gradients for each sequence by itself: whatever the threads, they are summed in one order.</summary>
    private sealed class Distances(Settings settings)
    {
        private readonly nint _bias = settings.Bias.Distances?.Address() ?? 0;
        private readonly long _width = settings.Bias.Distances?.shape[1] ?? 0;
        private nint _gradients;

        /// <summary>(B, H, Q + K - 1); null: they are not wanted.</summary>
        public Tensor? Gradients { get; private init; }

        public static Distances WithGradients(Settings settings)
        {
            if (settings.Bias.Distances is not { requires_grad: true } bias)
                return new Distances(settings);
            var gradients = zeros(settings.Queries.Sequences, settings.Heads, bias.shape[1]);
            return new Distances(settings) { Gradients = gradients, _gradients = gradients.Address() };
        }

        public HeadDistances Of(int sequence, int head) => new(At(_bias, head), At(_gradients, sequence * settings.Heads + head));

        /// <summary>The place of distance 0 in a row.</summary>
        private nint At(nint rows, long row) => rows == 0 ? 0 : rows + (nint)((row * _width + settings.Queries.Length - 1) * sizeof(float));
    }

    /// <summary>A matrix of tokens.</summary>
    private readonly record struct Matrix(PackedTokens Tokens, nint First, long Width)
    {
        public static Matrix Of(Tensor rows, PackedTokens tokens) => new(tokens, rows.Address(), rows.shape[1]);

        /// <param name="sequence">Whose rows.</param>
        /// <param name="column">The head's first.</param>
        public HeadRows Head<T>(int sequence, int column)
            where T : INumbers =>
            new(First + (nint)((Tokens.Start(sequence) * Width + column) * T.Size), Width, Tokens.LengthOf(sequence));
    }

    /// <summary>Queries, keys and values, or their gradients, in one matrix or in two.</summary>
    private sealed class Columns(Tensor[] matrices, Settings settings)
    {
        private readonly Matrix _queries = Matrix.Of(matrices[0], settings.Queries), _memory = Matrix.Of(matrices[^1], settings.Keys);
        private readonly int _keys = matrices.Length == 1 ? settings.Heads * settings.Dimension : 0; // the first column

        public HeadRows Queries<T>(int sequence, int head)
            where T : INumbers => _queries.Head<T>(sequence, head * settings.Dimension);

        public HeadRows Keys<T>(int sequence, int group)
            where T : INumbers => _memory.Head<T>(sequence, _keys + group * settings.Dimension);

        public HeadRows Values<T>(int sequence, int group)
            where T : INumbers => _memory.Head<T>(sequence, _keys + (settings.Groups + group) * settings.Dimension);
    }
}
