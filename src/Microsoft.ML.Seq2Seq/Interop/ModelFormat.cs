using System.Reflection;

namespace Microsoft.ML.Seq2Seq.Interop;

/// <summary>Identity and version of a component's format in a model file.</summary>
/// <param name="Signature">Eight characters that begin the component's binary part.</param>
/// <param name="LoaderSignature">At most 24 characters: the name that <see cref="LoadableTransformerAttribute"/> registers.</param>
/// <param name="LoaderAssembly">The assembly to scan for the loader; ML.NET loads it where it isn't loaded yet.</param>
/// <param name="Written">The version that this code writes.</param>
/// <param name="ReadableBy">The oldest version of this code that can read what this code writes.</param>
/// <param name="ReadsBackTo">The oldest version written that this code can read.</param>
internal sealed record ModelFormat(
    string Signature,
    string LoaderSignature,
    Assembly LoaderAssembly,
    uint Written = 0x00010001,
    uint ReadableBy = 0x00010001,
    uint ReadsBackTo = 0x00010001)
{
    /// <summary>What the file records. It asks for the assembly by its name alone: of a name with a version .NET loads no
    /// older assembly, and what can read the file is for <see cref="ReadableBy"/> to say.</summary>
    internal VersionInfo ToVersionInfo() =>
        new(Signature, Written, ReadableBy, ReadsBackTo, LoaderAssembly.GetName().Name, LoaderSignature);
}
