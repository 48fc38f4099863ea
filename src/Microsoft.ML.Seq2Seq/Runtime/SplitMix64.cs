namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood 2014): a random generator whose whole state is one number, so that a run can be
/// stopped, saved and continued exactly, and whose sequence is ours to keep stable across .NET versions.
/// </summary>
internal struct SplitMix64(ulong state)
{
    private ulong _state = state;

    /// <summary>An independent seed made of two numbers, such as a run's seed and an epoch.</summary>
    public static ulong Combine(ulong first, ulong second) => Mix(Mix(first) ^ (second * 0x9E3779B97F4A7C15));

    public static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    public ulong Next()
    {
        ulong result = Mix(_state);
        _state += 0x9E3779B97F4A7C15;
        return result;
    }

    /// <summary>A number in [0, <paramref name="bound"/>).</summary>
    public int NextBelow(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Fisher-Yates.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = NextBelow(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
