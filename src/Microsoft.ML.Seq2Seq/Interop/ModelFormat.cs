namespace Microsoft.ML.Seq2Seq.Interop;

/// <summary>Identity and version of a component's format in a model file.</summary>
/// <param name="Signature">Eight characters that begin the component's binary part.</param>
/// <param name="LoaderSignature">At most 24 characters: the name that <see cref="LoadableTransformerAttribute"/> registers.</param>
/// <param name="LoaderAssemblyName">The full name of the assembly to scan for the loader; ML.NET loads it where it isn't loaded yet.</param>
/// <param name="Written">The version that this code writes.</param>
/// <param name="ReadableBy">The oldest version of this code that can read what this code writes.</param>
/// <param name="ReadsBackTo">The oldest version written that this code can read.</param>
internal sealed record ModelFormat(
    string Signature,
    string LoaderSignature,
    string LoaderAssemblyName,
    uint Written = 0x00010001,
    uint ReadableBy = 0x00010001,
    uint ReadsBackTo = 0x00010001)
{
    internal VersionInfo ToVersionInfo() =>
        new(Signature, Written, ReadableBy, ReadsBackTo, LoaderAssemblyName, LoaderSignature);
}
