namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>What an architecture may ask for at most: more than any machine holds, and little enough to be counted.</summary>
internal static class ArchitectureLimits
{
    public const int Layers = 1000;

    public const int Width = 1_000_000;
}
