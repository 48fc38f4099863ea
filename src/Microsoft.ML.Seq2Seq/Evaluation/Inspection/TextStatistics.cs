namespace Microsoft.ML.Seq2Seq;

/// <summary>What the texts of a column are like.</summary>
public sealed record TextStatistics
{
    /// <summary>The column.</summary>
    public required string ColumnName { get; init; }

    /// <summary>Characters (UTF-16) of the texts that are not empty.</summary>
    public required LengthStatistics Characters { get; init; }

    /// <summary>The scripts that the texts are mainly written in, most frequent first. Texts without letters, or with no
    /// script in the majority, are left out.</summary>
    public required IReadOnlyList<ScriptShare> Scripts { get; init; }

    /// <summary>Share of the texts that are one word: without white space inside.</summary>
    public required double SingleWords { get; init; }
}

/// <summary>How often a script is the main one of a text.</summary>
/// <param name="Script">Its name, such as <c>Latin</c>.</param>
/// <param name="Rows">Texts.</param>
/// <param name="Share">Of the texts that have a main script, 0 to 1.</param>
public sealed record ScriptShare(string Script, long Rows, double Share);
