using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Seq2Seq.Interop;

/// <summary>The environment behind ML.NET's own catalogs, for extension members that make components.</summary>
internal static class CatalogEnvironment
{
    public static IHostEnvironment Of(TransformsCatalog.TextTransforms catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return CatalogUtils.GetEnvironment(catalog);
    }
}
