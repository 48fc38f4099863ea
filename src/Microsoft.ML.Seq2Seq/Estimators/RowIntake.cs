using Microsoft.ML.Seq2Seq.Batching;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Which rows a run takes, and how much of each; and a count of what became of them.</summary>
/// <param name="limits">The most tokens of a row, and what becomes of more.</param>
internal sealed class RowIntake(SubwordOptions limits)
{
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
    public bool Admits(bool isComplete)
    {
        Read = checked(Read + 1);
        if (!isComplete)
            Skipped++;
        return isComplete;
    }

    /// <summary>Adds a row to those that are trained or validated on.</summary>
    /// <returns>Whether it was added.</returns>
    /// <exception cref="InvalidOperationException">The row is too long, and not to be cut or left out.</exception>
    public bool Add(int[] source, int[] target, EncodedPairs pairs)
    {
        int limit = limits.MaximumTokens;
        if (source.Length == 0 || target.Length == 0)
        {
            Skipped++;
            return false;
        }
        if (source.Length > limit || target.Length > limit)
        {
            if (limits.OverflowPolicy == OverflowPolicy.Error)
                throw new InvalidOperationException(
                    $"Row {pairs.Count + 1} of those with text has {source.Length} source and {target.Length} target tokens; allowed by {nameof(SubwordOptions.MaximumTokens)}: " +
                    $"{limit}. {nameof(OverflowPolicy)}.{OverflowPolicy.Truncate} would cut it, {OverflowPolicy.Drop} leave it out.");
            if (limits.OverflowPolicy == OverflowPolicy.Drop)
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
    public int[] Cut(int[] ids) => ids.Length <= limits.MaximumTokens ? ids : ids[..limits.MaximumTokens];
}
