namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>How good the models are that the library trains, by recipes with published scores.</summary>
internal static class QualityStudies
{
    public static System.CommandLine.Command Command() => new(
        "quality", "Trains by published recipes and scores what comes out, once, on the test rows.")
    {
        CompareStudy.Command(),
        SequenceStudy.Copy(),
        PronunciationStudy.Command(),
        Multi30kStudy.Command(),
        SequenceStudy.Reverse(),
    };
}
