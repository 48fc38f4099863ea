using Microsoft.ML.Seq2Seq.Batching;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Which rows a run takes, and how much of each; and a count of what became of them.</summary>
/// <param name="options">The columns, the most tokens of a row, and what becomes of more.</param>
internal sealed class RowIntake(Seq2SeqTrainerOptions options)
{
    private readonly SubwordOptions _limits = options.Tokenization;
    private int _withoutTokens; // of the rows skipped

    public int Read { get; private set; }

    /// <summary>Rows with nothing on one of their sides.</summary>
    public int Skipped { get; private set; }

    /// <summary>Rows left out because they are too long.</summary>
    public int Dropped { get; private set; }

    /// <summary>Rows taken without their end.</summary>
    public int Truncated { get; private set; }

    /// <summary>Of the rows that were truncated.</summary>
    public long TokensCut { get; private set; }

    /// <summary>Counts a row as it is read.</summary>
    /// <returns>Whether it has both sides.</returns>
    public bool Admits(int sourceLength, int targetLength)
    {
        Read = checked(Read + 1);
        bool isComplete = sourceLength > 0 && targetLength > 0;
        if (!isComplete)
            Skipped++;
        return isComplete;
    }

    /// <summary>Adds a row to those that are trained or validated on.</summary>
    /// <returns>Whether it was added.</returns>
    /// <exception cref="InvalidOperationException">The row is too long, and not to be cut or left out.</exception>
    public bool Add(int[] source, int[] target, EncodedPairs pairs, RowPlace place)
    {
        int limit = _limits.MaximumTokens;
        if (source.Length == 0 || target.Length == 0)
        {
            Skipped++;
            _withoutTokens++;
            return false;
        }
        if (source.Length > limit || target.Length > limit)
        {
            if (_limits.OverflowPolicy == OverflowPolicy.Error)
                throw new InvalidOperationException(
                    $"Row {place.Number} of the {place.Data} (counted from 1, with every row) has {source.Length} source and {target.Length} target tokens; " +
                    $"allowed by {nameof(SubwordOptions.MaximumTokens)}: {limit}. " +
                    $"{nameof(OverflowPolicy)}.{OverflowPolicy.Truncate} would cut it, {OverflowPolicy.Drop} leave it out.");
            if (_limits.OverflowPolicy == OverflowPolicy.Drop)
            {
                Dropped++;
                return false;
            }
            Truncated++;
            TokensCut += Math.Max(0, source.Length - limit) + Math.Max(0, target.Length - limit);
        }
        pairs.Add(Cut(source), Cut(target));
        return true;
    }

    /// <summary>A row's tokens up to the most there may be.</summary>
    public int[] Cut(int[] ids) => ids.Length <= _limits.MaximumTokens ? ids : ids[.._limits.MaximumTokens];

    /// <summary>Complains of data that leaves nothing to train on, by what became of the rows so far.</summary>
    /// <param name="rows">Rows that are left.</param>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public void Require(int rows)
    {
        if (rows > 0)
            return;
        string source = $"'{options.SourceColumnName}'", target = $"'{options.LabelColumnName}'";
        if (_withoutTokens + Dropped == 0)
            throw new InvalidOperationException(
                $"The training data has no row with text in both {source} and {target} ({Skipped} rows without).");
        var reasons = new List<string>();
        if (_withoutTokens > 0)
            reasons.Add($"{_withoutTokens} without tokens in {source} or {target}");
        if (Dropped > 0)
            reasons.Add($"{Dropped} longer than {nameof(SubwordOptions.MaximumTokens)} ({_limits.MaximumTokens}), " +
                $"which {nameof(OverflowPolicy)}.{OverflowPolicy.Drop} leaves out");
        throw new InvalidOperationException($"No training row with text is left: {string.Join(", ", reasons)}.");
    }
}

/// <summary>Where a row comes from.</summary>
/// <param name="Data">What its data view is to the run.</param>
/// <param name="Number">Which of all rows of the view it is, counted from 1.</param>
internal readonly record struct RowPlace(string Data, int Number)
{
    public static RowPlace Training(int number) => new("training data", number);

    public static RowPlace Validation(int number) => new("validation set", number);
}
