using Microsoft.ML.Runtime;

namespace Microsoft.ML.Seq2Seq.Interop;

/// <summary>
/// What a transformer implements so that <c>mlContext.Model.Load</c> can make it from a model file; it is registered with
/// <see cref="LoadableTransformerAttribute"/>.
/// </summary>
/// <typeparam name="TSelf">The transformer.</typeparam>
internal interface ILoadableTransformer<TSelf>
    where TSelf : class, ITransformer, ILoadableTransformer<TSelf>
{
    /// <summary>
    /// What the file says about the model. The writer records it, the reader checks it before <see cref="Load"/> is called.
    /// </summary>
    static abstract ModelFormat Format { get; }

    /// <summary>Makes the transformer from a model file.</summary>
    /// <param name="environment">The environment that loads.</param>
    /// <param name="reader">The model's part of the file; it is closed when this method returns.</param>
    static abstract TSelf Load(IHostEnvironment environment, ModelReader reader);
}
