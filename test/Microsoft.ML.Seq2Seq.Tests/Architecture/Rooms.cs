namespace Microsoft.ML.Seq2Seq.Tests.Architecture;

/// <summary>
/// The rooms of the library, from top to bottom; those of one line do not see each other. A room is a folder: public types
/// share one namespace.
/// </summary>
internal static class Rooms
{
    private static readonly string[][] _lines =
    [
        ["Catalog"],
        ["Estimators"],
        ["Pipeline"],
        ["Training", "Inference"],
        ["Decoding", "Evaluation"],
        ["Modeling"],
        ["Batching"],
        ["Tokenization"],
        ["Persistence"],
        ["Runtime", "Interop"],
    ];

    public static IEnumerable<string> All => _lines.SelectMany(line => line);

    /// <summary>The room of a source file: the first folder of its path below the library's.</summary>
    public static string Of(string path) => path.Split('/')[0];

    public static bool MayUse(string room, string other) => room == other || LineOf(other) > LineOf(room);

    private static int LineOf(string room) => Array.FindIndex(_lines, line => line.Contains(room));
}
