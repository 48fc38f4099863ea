namespace Microsoft.ML.Seq2Seq.Interop;

/// <summary>
/// Registers a transformer with ML.NET's component catalog, which scans the assembly that a model file names for
/// descendants of this attribute's base.
/// </summary>
/// <param name="transformer">A type that implements <see cref="ILoadableTransformer{TSelf}"/> of itself.</param>
/// <param name="loaderSignature">The name under which model files ask for the type: <see cref="ModelFormat.LoaderSignature"/>.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class LoadableTransformerAttribute(Type transformer, string loaderSignature)
    : LoadableClassAttributeBase(
        summary: null,
        instType: transformer,
        loaderType: typeof(TransformerLoader<>).MakeGenericType(transformer),
        argType: null,
        sigTypes: [typeof(SignatureLoadModel)],
        userName: loaderSignature,
        loadNames: loaderSignature);
