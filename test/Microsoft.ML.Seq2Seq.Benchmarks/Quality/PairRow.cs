namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>A row of a corpus.</summary>
internal sealed class PairRow
{
    public required string Source { get; init; }

    public required string Target { get; init; }

    /// <summary>Reads a corpus: source, tab, target.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="InvalidDataException">A line has not two columns.</exception>
    public static PairRow[] Read(string folder, params string[] path)
    {
        string file = Path.Combine([folder, .. path]);
        if (!File.Exists(file))
            throw new FileNotFoundException($"The corpus '{file}' is missing. Name the folder that has '{Path.Combine(path)}' by --data.");
        return [.. File.ReadLines(file).Select((line, i) => line.Split('\t') is [{ } source, { } target]
            ? new PairRow { Source = source, Target = target }
            : throw new InvalidDataException($"'{file}', line {i + 1}: not a source, a tab and a target."))];
    }
}
