using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>
/// A TorchScript module made in memory. <c>jit.compile</c> reaches libtorch's <c>aten</c> operations alone; a module that is
/// loaded reaches those of every other namespace too, such as oneDNN's.
/// </summary>
internal static class TorchScriptArchive
{
    /// <summary>Loads a module without weights.</summary>
    /// <param name="methods">Its methods in TorchScript, <c>self: __torch__.Kernels</c> first among their parameters. A constant: an
    /// error in it ends the process.</param>
    public static jit.ScriptModule Load(string methods)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(zip, "data.pkl", Pickle());
            Add(zip, "code/__torch__.py", Encoding.ASCII.GetBytes(Source(methods)));
            Add(zip, "constants.pkl", [0x80, 2, (byte)')', (byte)'.']); // an empty tuple
            Add(zip, "version", "3\n"u8);
        }
        return jit.load(stream.ToArray());
    }

    private static string Source(string methods)
    {
        var source = new StringBuilder("class Kernels(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n");
        foreach (string line in methods.ReplaceLineEndings("\n").Split('\n'))
            source.Append(line.Length == 0 ? "" : "  ").Append(line).Append('\n');
        return source.ToString();
    }

    /// <summary>An object of the class with its one attribute, <c>training = False</c>, in pickle's second protocol.</summary>
    private static byte[] Pickle()
    {
        const string attribute = "training";
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, attribute.Length);
        return
        [
            0x80, 2, .. "c__torch__\nKernels\n)"u8, 0x81, (byte)'}', (byte)'(',
            (byte)'X', .. length, .. Encoding.ASCII.GetBytes(attribute), 0x89, .. "ub."u8,
        ];
    }

    private static void Add(ZipArchive zip, string name, ReadOnlySpan<byte> content)
    {
        using var entry = zip.CreateEntry("kernels/" + name, CompressionLevel.NoCompression).Open();
        entry.Write(content);
    }
}
