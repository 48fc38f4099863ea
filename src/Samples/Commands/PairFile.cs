namespace Samples.Commands;

/// <summary>A source text and its target.</summary>
public sealed class TextPair
{
    /// <summary>What the model reads.</summary>
    public string Source { get; set; } = "";

    /// <summary>What it should write.</summary>
    public string Target { get; set; } = "";
}

/// <summary>
/// A file with a pair on each line: source, tab, target, in UTF-8. What stands between is text and nothing else: quotes,
/// spaces and slashes mean themselves. (ML.NET's text loader takes a line that begins with two slashes for a comment,
/// can be told to read quotes as marks of a field, and fills up a line with too few fields.) Empty lines are passed over.
/// </summary>
internal static class PairFile
{
    /// <summary>The pairs, read anew each time they are enumerated: a large file never lies in memory.</summary>
    /// <exception cref="InvalidDataException">A line isn't a pair, or isn't UTF-8; the message names file and line.</exception>
    public static IEnumerable<TextPair> Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        int number = 0;
        foreach (string line in TextLines.Read(file, path))
        {
            number++;
            if (line.Length == 0)
                continue;
            string[] columns = line.Split('\t');
            if (columns.Length != 2)
                throw new InvalidDataException(
                    $"{path}, line {number}: {columns.Length} column{(columns.Length == 1 ? "" : "s")} found; expected: source, tab, target.");
            yield return new TextPair { Source = columns[0], Target = columns[1] };
        }
    }

    /// <summary>Reads the file once, so that a fault in its last line is found before hours of training.</summary>
    /// <returns>The number of pairs.</returns>
    public static int Check(string path)
    {
        int count = Read(path).Count();
        return count > 0 ? count : throw new InvalidDataException($"{path} has no rows.");
    }
}
