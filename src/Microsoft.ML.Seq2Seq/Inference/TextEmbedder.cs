using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>Text in, one vector out: the encoder's states of the text's tokens, pooled. Immutable, and safe to call from
/// any number of threads.</summary>
internal sealed class TextEmbedder
{
    private const int TokensPerBatch = 4096;

    private readonly TextGenerator _generator;
    private readonly EmbeddingPooling _pooling;

    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public TextEmbedder(TextGenerator generator, EmbeddingPooling pooling)
    {
        _generator = generator;
        _pooling = pooling;
        using var lease = generator.Weights.Lease();
        Width = Encoder(lease).EncoderWidth;
    }

    /// <summary>Length of a vector.</summary>
    public int Width { get; }

    /// <summary>The vector of each request, in their order; zeros where the source is empty, or over-long and not to be
    /// cut.</summary>
    public float[][] Embed(IReadOnlyList<GenerationRequest> requests)
    {
        using var lease = _generator.Weights.Lease();
        var vectors = new float[requests.Count][];
        var encoded = new List<(int Row, int[] Ids)>(requests.Count);
        for (int row = 0; row < requests.Count; row++)
        {
            int[] ids = _generator.Codec.EncodeSource(requests[row]);
            if (ids.Length == 0)
                vectors[row] = new float[Width];
            else
                encoded.Add((row, ids));
        }
        // Rows of like length share a batch, the longest first: a batch too large for the memory shows at once.
        encoded.Sort((a, b) => (b.Ids.Length, a.Row).CompareTo((a.Ids.Length, b.Row)));
        var batches = new List<List<(int Row, int[] Ids)>>();
        for (int start = 0; start < encoded.Count; start += batches[^1].Count)
            batches.Add(encoded.GetRange(start, Math.Clamp(TokensPerBatch / (encoded[start].Ids.Length + 1), 1, encoded.Count - start)));
        var encoder = Encoder(lease);
        SideBySide.ForEach("Embedding", batches, SideBySide.Threads(_generator.Device), (batch, _) =>
        {
            float[] flat = EmbedBatch(encoder, [.. batch.Select(entry => entry.Ids)]);
            for (int i = 0; i < batch.Count; i++)
                vectors[batch[i].Row] = flat[(i * Width)..((i + 1) * Width)];
        });
        return vectors;
    }

    /// <summary>(B, D), row by row.</summary>
    private float[] EmbedBatch(IEncoder encoder, int[][] sources)
    {
        using var inference = torch.inference_mode();
        using var scope = NewDisposeScope();
        using var batch = SourceBatch.Create(sources, _generator.Device);
        var states = encoder.Encode(batch, training: null).to(ScalarType.Float32); // (B, S, D)
        var pooled = _pooling switch
        {
            EmbeddingPooling.First => states.select(1, 0),
            EmbeddingPooling.Max => states.masked_fill(IsText(batch).logical_not(), Scalars.NegativeInfinity).amax([1]),
            _ => states.masked_fill(IsText(batch).logical_not(), Scalars.Zero).sum(1).div(IsText(batch).sum(1)),
        };
        return pooled.cpu().contiguous().data<float>().ToArray();
    }

    private static IEncoder Encoder(ModelLease lease) => (IEncoder)lease.Model.Predictor(InferencePrecision.Auto);

    /// <summary>(B, S, 1) true on the text's tokens: neither the end token nor padding.</summary>
    private static Tensor IsText(SourceBatch batch)
    {
        int width = (int)batch.Source.shape[1];
        bool[] isText = [.. batch.SourceLengths.SelectMany(length => Enumerable.Range(0, width).Select(t => t < length - 1))];
        return torch.tensor(isText, [batch.Rows, width, 1], device: batch.Source.device);
    }
}
