using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>A share of the rows to validate on.</summary>
internal static class HeldOutRows
{
    private const int Most = 5000;

    /// <returns>Which rows, in ascending order; they depend on the seed and the number of rows alone.</returns>
    public static int[] Choose(int rows, double fraction, int seed)
    {
        int count = Math.Min(Most, (int)(fraction * rows));
        var random = new SplitMix64(SplitMix64.Combine((ulong)seed, 0x5EED));
        // Floyd's algorithm: every subset of that size is as likely, and no list of all rows is needed.
        var chosen = new SortedSet<int>();
        for (int next = rows - count; next < rows; next++)
        {
            if (!chosen.Add(random.NextBelow(next + 1)))
                chosen.Add(next);
        }
        return [.. chosen];
    }
}
