using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Inference;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>Source to a vector that stands for it.</summary>
internal sealed class EmbeddingStage(
    IExceptionContext context, DataViewSchema input, string outputColumn, string inputColumn, SubwordKeys keys, TextEmbedder embedder)
    : RowStage<GenerationRequest, float[]>(
        input,
        [SourceColumn.Find(context, input, inputColumn, keys)],
        [Column(outputColumn, embedder.Width)])
{
    public override bool ReadsAhead => true;

    public override Func<GenerationRequest> Reader(DataViewRow row) => SourceColumn.Reader(row, Read[0]);

    public override int SizeOf(GenerationRequest request) => request.Size;

    public override float[][] Map(
        IReadOnlyList<GenerationRequest> requests, Action<int>? mapped = null, CancellationToken cancellation = default)
    {
        float[][] vectors = embedder.Embed(requests);
        mapped?.Invoke(vectors.Length);
        return vectors;
    }

    private static AddedColumn<float[], VBuffer<float>> Column(string name, int width) =>
        new(name, new VectorDataViewType(NumberDataViewType.Single, width), (float[] vector, ref VBuffer<float> value) =>
        {
            var editor = VBufferEditor.Create(ref value, vector.Length);
            vector.CopyTo(editor.Values);
            value = editor.Commit();
        });
}
