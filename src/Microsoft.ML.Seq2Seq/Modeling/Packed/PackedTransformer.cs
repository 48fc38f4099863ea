using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// The Transformer once more, for prediction on a CPU: weights laid out for this machine's registers, and every step in C#,
/// where an operation costs nothing but its arithmetic. It is immutable, and any number of threads may decode with it.
/// </summary>
/// <remarks>A test holds it equal to <see cref="TransformerModel"/>. A row's results are the same to the last bit alone and in
/// any batch.</remarks>
internal sealed unsafe class PackedTransformer : IStepModel, IEncoder
{
    /// <summary>Source positions that pass through the encoder together: enough that reading the weights costs little.</summary>
    private const int EncodedTogether = 384;

    /// <summary>What a step must read, in bytes, for several threads to be worth it. (A row more counts for half of what the first
    /// one reads.) Less takes tens of microseconds: a thread that stands by would burn as much as it saves.</summary>
    private const long LeastShared = 4 << 20;

    /// <summary>The same of the encoder, which threads may have to be woken for.</summary>
    private const long LeastEncodedTogether = 64 << 20;

    /// <summary>Layers of at most so many bytes stay in a cache that the cores share. Hypotheses are dealt out to threads, each
    /// of which reads all layers; larger layers are read once, and their products shared.</summary>
    private const long LargestReadByAll = 4 << 20;

    /// <summary>Memory of a run that is kept for the next, in bytes.</summary>
    private const long LargestKept = 128 << 20;

    private readonly ConcurrentBag<Workspace> _unused = [];
    private readonly int _width; // of a row of the residual stream
    private readonly float _embeddingScale; // √D
    private readonly int _dimension;
    private readonly int _layerWidth; // of the keys and values of one written position in one layer
    private readonly PackedMatrix _sourceEmbedding;
    private readonly PackedMatrix _targetEmbedding;
    private readonly PackedLinear _output;
    private readonly PackedPositions _encoderPositions;
    private readonly PackedPositions _decoderPositions;
    private readonly PackedEncoderLayer[] _encoder;
    private readonly PackedDecoderLayer[] _decoder;
    private readonly long _encoderBytes; // of its layers
    private readonly long _decoderBytes; // that its layers read in a step
    private readonly PackedNorm? _encoderNorm;
    private readonly PackedNorm? _decoderNorm;

    /// <param name="architecture">The model's.</param>
    /// <param name="weights">Read once, here.</param>
    public PackedTransformer(TransformerArchitecture architecture, IPackedWeights weights)
    {
        _dimension = architecture.ModelDimension;
        _width = PackedMatrix.Padded(_dimension);
        _embeddingScale = MathF.Sqrt(_dimension);
        var shape = AttentionShape.Of(architecture);
        _layerWidth = (2 * shape.Keys + 15) & ~15;
        _sourceEmbedding = weights.Matrix("source_embedding", ..);
        _targetEmbedding = weights.Has("target_embedding") ? weights.Matrix("target_embedding", ..) : _sourceEmbedding;
        var output = weights.Has("output_weight") ? weights.Matrix("output_weight", ..) : _targetEmbedding;
        _output = new PackedLinear(output, []);
        _encoderPositions = new PackedPositions(weights, "encoder_positions", architecture, bidirectional: true);
        _decoderPositions = new PackedPositions(weights, "decoder_positions", architecture, bidirectional: false);
        _encoder = [.. Enumerable.Range(0, architecture.EncoderLayers).Select(i =>
            new PackedEncoderLayer(weights, $"encoder.{i}", architecture, _encoderPositions))];
        _decoder = [.. Enumerable.Range(0, architecture.DecoderLayers).Select(i =>
            new PackedDecoderLayer(weights, $"decoder.{i}", architecture, _decoderPositions))];
        _encoderBytes = _encoder.Sum(layer => layer.Bytes);
        _decoderBytes = _decoder.Sum(layer => layer.Bytes);
        if (architecture.NormPlacement == NormPlacement.Pre)
        {
            _encoderNorm = new PackedNorm(weights, "encoder_norm");
            _decoderNorm = new PackedNorm(weights, "decoder_norm");
        }
    }

    /// <inheritdoc/>
    public int EncoderWidth => _dimension;

    /// <inheritdoc/>
    public Tensor Encode(SourceBatch batch, TrainingPass? training)
    {
        var workspace = _unused.TryTake(out var used) ? used : new Workspace();
        var ids = MemoryMarshal.Cast<byte, long>(batch.Source.bytes); // (B, S)
        int stride = ids.Length / batch.Rows;
        var states = torch.zeros(batch.Rows, stride, _dimension); // (B, S, D)
        var flat = MemoryMarshal.Cast<byte, float>(states.bytes);
        for (int row = 0; row < batch.Rows; row++)
        {
            int length = batch.SourceLengths[row];
            float* encoded = Encode(ids[(row * stride)..], stride, [length], length, workspace.Scratch);
            for (int t = 0; t < length; t++, encoded += _width)
                new ReadOnlySpan<float>(encoded, _dimension).CopyTo(flat[((row * stride + t) * _dimension)..]);
            workspace.Scratch.Release(Arena.Start);
        }
        GiveBack(workspace);
        return states;
    }

    /// <inheritdoc/>
    public DecoderState Start(SourceBatch source, Team team)
    {
        var workspace = _unused.TryTake(out var used) ? used : new Workspace();
        int[] lengths = [.. source.SourceLengths];
        int positions = lengths.Sum(), memoryWidth = _decoder[0].CrossAttention.MemoryWidth;
        nint layer = (nint)positions * memoryWidth;
        workspace.Scratch.Team = IsShared(lengths.Length) || _encoderBytes * positions / 2 >= LeastEncodedTogether ? team : Team.Alone;
        float* memory = workspace.Lasting.Take(checked((int)(layer * _decoder.Length)));
        var rows = (float**)workspace.Lasting.Take<nint>(positions);
        for (int i = 0; i < positions; i++)
            rows[i] = memory + (nint)i * memoryWidth;
        var ids = MemoryMarshal.Cast<byte, long>(source.Source.bytes); // (B, S)
        int stride = ids.Length / lengths.Length, first = 0;
        for (int start = 0, end; start < lengths.Length; start = end)
        {
            int together = lengths[start];
            for (end = start + 1; end < lengths.Length && together + lengths[end] <= EncodedTogether; end++)
                together += lengths[end];
            var mark = workspace.Scratch.Mark();
            float* encoded = Encode(ids[(start * stride)..], stride, lengths.AsSpan(start..end), together, workspace.Scratch);
            for (int i = 0; i < _decoder.Length; i++)
                _decoder[i].CrossAttention.Read(encoded, together, memory + i * layer + (nint)first * memoryWidth, workspace.Scratch);
            workspace.Scratch.Release(mark);
            first += together;
        }
        return new PackedState(workspace, rows, lengths, layer, _layerWidth, team, GiveBack);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public (StepOutput Output, DecoderState State) Step(DecoderState state, int[] tokens)
    {
        var current = (PackedState)state;
        var scratch = current.Memory.Scratch;
        scratch.Release(Arena.Start);
        int rows = current.Rows;
        scratch.Team = IsShared(rows) ? current.Team : Team.Alone;
        float* stream = scratch.Take(rows * _width), normed = scratch.Take(rows * _width);
        for (int row = 0; row < rows; row++)
            Embed(_targetEmbedding, tokens[row], _decoderPositions, current.Position, stream + (nint)row * _width);
        current.Extend(_layerWidth * _decoder.Length);
        float* shares = current.Noted is not null ? scratch.Take(rows * current.LongestSource) : null;
        int threads = Math.Min(scratch.Team.Threads, rows);
        if (threads > 1 && _decoderBytes <= LargestReadByAll)
            DealOut(stream, normed, current, shares, threads);
        else
            RunLayers(stream, normed, new PackedRows(current, 0, rows), shares, current.Noted, scratch);
        _decoderNorm?.Apply(stream, rows, stream);
        current.Advance();
        float* logits = scratch.Take(rows * _output.Width);
        int vocabulary = _output.Matrix.Outputs, blocks = LogitBlock.Count(vocabulary);
        float* maxima = scratch.Take(rows * blocks), sums = scratch.Take(rows * blocks);
        scratch.Product.Summary = new LogitSummary(logits, vocabulary, maxima, sums);
        _output.Apply(stream, rows, logits, Epilogue.StoreAndSummarize, scratch);
        return (new StepOutput(logits, rows, vocabulary, _output.Width,
            shares == null ? null : new ReadOnlySpan<float>(shares, rows * current.LongestSource).ToArray(), maxima, sums), current);
    }

    private bool IsShared(int rows) => (_output.Matrix.Bytes + _decoderBytes) * (rows + 1) / 2 >= LeastShared;

    /// <summary>Each thread takes some hypotheses through all layers.</summary>
    private void DealOut(float* stream, float* normed, PackedState state, float* shares, int threads)
    {
        var scratch = state.Memory.Shares(threads);
        state.Team.Share(threads, thread =>
        {
            int first = state.Rows * thread / threads, end = state.Rows * (thread + 1) / threads;
            nint offset = (nint)first * _width;
            RunLayers(stream + offset, normed + offset, new PackedRows(state, first, end - first),
                shares == null ? null : shares + (nint)first * state.LongestSource, state.Noted, scratch[thread]);
            scratch[thread].Release(Arena.Start);
        });
    }

    /// <param name="stream">(R, D) overwritten.</param>
    /// <param name="normed">(R, D) memory.</param>
    /// <param name="rows">The hypotheses.</param>
    /// <param name="shares">(R, longest source) to fill with what is noted; null: nothing is.</param>
    /// <param name="noted">What that is.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunLayers(float* stream, float* normed, PackedRows rows, float* shares, NotedAttention? noted, Arena scratch)
    {
        int aligned = noted?.LayerOf(_decoder.Length) ?? -1;
        for (int i = 0; i < _decoder.Length; i++)
            _decoder[i].Next(stream, normed, rows, i, i == aligned ? shares : null, scratch);
    }

    /// <inheritdoc/>
    public DecoderState Reorder(DecoderState state, int[] hypotheses, int[]? sources)
    {
        var current = (PackedState)state;
        current.Select(hypotheses, sources);
        return current;
    }

    /// <summary>The encoder's output for sources one behind the other: (positions, D).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float* Encode(ReadOnlySpan<long> ids, int stride, ReadOnlySpan<int> lengths, int positions, Arena scratch)
    {
        float* stream = scratch.Take(positions * _width), normed = scratch.Take(positions * _width), x = stream;
        for (int i = 0; i < lengths.Length; i++)
            for (int t = 0; t < lengths[i]; t++, x += _width)
                Embed(_sourceEmbedding, checked((int)ids[i * stride + t]), _encoderPositions, t, x);
        foreach (var layer in _encoder)
            layer.Forward(stream, positions, normed, lengths, scratch);
        _encoderNorm?.Apply(stream, positions, stream);
        return stream;
    }

    /// <summary>√D-scaled embedding with its position (sections 3.4, 3.5): (D).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Embed(PackedMatrix table, int token, PackedPositions positions, int position, float* x)
    {
        if ((uint)token >= (uint)table.Outputs)
            throw new ArgumentOutOfRangeException(nameof(token), token, $"The vocabulary has the ids 0 to {table.Outputs - 1}.");
        table.CopyRow(token, x);
        VectorMath.Scale(x, _embeddingScale, _dimension);
        positions.AddTo(x, position);
    }

    private void GiveBack(Workspace workspace)
    {
        workspace.Lasting.Release(Arena.Start);
        workspace.Scratch.Release(Arena.Start);
        workspace.Scratch.Team = Team.Alone;
        if (workspace.Size <= LargestKept)
            _unused.Add(workspace);
    }
}
