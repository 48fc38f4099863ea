using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary><see cref="FeedForward"/> at prediction.</summary>
internal sealed unsafe class PackedFeedForward
{
    /// <summary>Rows whose inner activations are still in the cache when the second matrix reads them.</summary>
    private const int Chunk = 96;

    private readonly ActivationKind _activation;
    private readonly int _inner;
    private readonly PackedLinear _input;
    private readonly PackedLinear _output;

    /// <param name="name">Of the block.</param>
    public PackedFeedForward(IPackedWeights weights, string name, TransformerArchitecture architecture)
    {
        _activation = architecture.Activation;
        _inner = architecture.FeedForwardDimension;
        _input = new PackedLinear(weights, $"{name}.input", ..);
        _output = new PackedLinear(weights, $"{name}.output", ..);
    }

    /// <summary>Of the weights.</summary>
    public long Bytes => _input.Matrix.Bytes + _output.Matrix.Bytes;

    /// <summary>Adds the block's output to the residual stream.</summary>
    /// <param name="x">(rows, D) what the block reads; may be the stream.</param>
    /// <param name="stream">(rows, D)</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddTo(float* stream, float* x, int rows, Arena scratch)
    {
        var mark = scratch.Mark();
        int width = _output.Width, inner = PackedMatrix.Padded(_inner), chunk = Math.Min(rows, Chunk);
        bool isGated = _activation is ActivationKind.GeGlu or ActivationKind.SwiGlu;
        float* hidden = scratch.Take(chunk * _input.Width);
        float* activated = isGated ? scratch.Take(chunk * inner) : hidden;
        for (int start = 0; start < rows; start += chunk)
        {
            int count = Math.Min(chunk, rows - start);
            _input.Apply(x + (nint)start * width, count, hidden,
                _activation == ActivationKind.Relu ? Epilogue.StoreRelu : Epilogue.Store, scratch);
            if (isGated)
                for (int row = 0; row < count; row++)
                    Gate(hidden + row * _input.Width, activated + row * inner, inner);
            else if (_activation != ActivationKind.Relu)
                Activate(hidden, activated, count * inner);
            _output.Apply(activated, count, stream + (nint)start * width, Epilogue.Add, scratch);
        }
        scratch.Release(mark);
    }

    /// <summary>Gate and value stand side by side: (2F) → (F).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Gate(float* x, float* y, int width)
    {
        Activate(x, y, _inner & ~15);
        for (int i = _inner & ~15; i < width; i++)
            y[i] = i < _inner ? Activate(x[i]) : 0;
        for (int i = 0; i < _inner; i++)
            y[i] *= x[_inner + i];
    }

    private float Activate(float x) => Activate(Vector512.Create(x))[0];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<float> Activate(Vector512<float> x) =>
        _activation is ActivationKind.Gelu or ActivationKind.GeGlu ? VectorMath.Gelu(x) : VectorMath.Silu(x);

    /// <summary>Of 0 it is 0: padding stays padding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Activate(float* x, float* y, int count)
    {
        for (int i = 0; i < count; i += 16)
            Activate(Vector512.Load(x + i)).Store(y + i);
    }
}
