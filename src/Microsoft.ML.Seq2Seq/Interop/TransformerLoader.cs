using Microsoft.ML.Runtime;

namespace Microsoft.ML.Seq2Seq.Interop;

/// <summary>The factory that ML.NET's component catalog calls, by reflection, to make a transformer from a model file.</summary>
internal static class TransformerLoader<T>
    where T : class, ITransformer, ILoadableTransformer<T>
{
    // Name, parameters and return type are what ComponentCatalog.FindCreateMethod looks for.
    internal static T Create(IHostEnvironment env, ModelLoadContext ctx) => T.Load(env, new ModelReader(ctx, T.Format));
}
