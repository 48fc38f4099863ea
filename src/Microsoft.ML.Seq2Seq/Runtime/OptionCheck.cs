using System.Numerics;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>Checks of options. Every failure names the option, its value and what is allowed.</summary>
internal static class OptionCheck
{
    public static void That(bool ok, string option, object? value, string allowed)
    {
        if (!ok)
            throw new ArgumentOutOfRangeException(option, value, $"{option} is {Show(value)}; allowed: {allowed}.");
    }

    public static void AtLeast<T>(string option, T value, T minimum)
        where T : INumber<T>
        => That(value >= minimum && T.IsFinite(value), option, value, $"{minimum} or more");

    public static void Between(string option, int value, int minimum, int maximum)
        => That(value >= minimum && value <= maximum, option, value, $"{minimum} to {maximum}");

    public static void Positive(string option, double value)
        => That(value > 0 && double.IsFinite(value), option, value, "more than 0");

    /// <summary>A share that may be dropped: [0, 1).</summary>
    public static void Probability(string option, double value)
        => That(value is >= 0 and < 1, option, value, "0 or more and less than 1");

    public static void Defined<T>(string option, T value)
        where T : struct, Enum
        => That(Enum.IsDefined(value), option, value, string.Join(", ", Enum.GetNames<T>()));

    public static void NotNull(string option, object? value)
    {
        if (value is null)
            throw new ArgumentNullException(option, $"{option} is null; allowed: an instance.");
    }

    /// <summary>Text that a model file can hold: half a surrogate pair would come back as another name.</summary>
    public static void ColumnName(string option, string? value)
    {
        if (string.IsNullOrWhiteSpace(value) || !Utf16.IsWellFormed(value))
            throw new ArgumentException($"{option} is {Show(value)}; allowed: a column name of valid Unicode.", option);
    }

    /// <summary>Makes a folder that will be written to, and finds out before hours of work whether it can be.</summary>
    /// <param name="directory">Null: there will be none.</param>
    /// <exception cref="IOException">It cannot.</exception>
    public static void WritableFolder(string option, string? directory)
    {
        if (directory is null)
            return;
        try
        {
            Directory.CreateDirectory(directory);
            File.Create(Path.Combine(directory, Path.GetRandomFileName()), bufferSize: 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{option} is {Show(directory)}; allowed: a folder that can be written to. {e.Message}", e);
        }
    }

    private static string Show(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "null",
    };
}
