using System.CommandLine;
using Microsoft.ML.Seq2Seq.Benchmarks;
using Microsoft.ML.Seq2Seq.Benchmarks.Quality;

// One file and one line for each benchmark.
var root = new RootCommand("Measures Microsoft.ML.Seq2Seq against what a .NET user has without it.")
{
    DecodingBenchmark.Command(),
    MemoryBenchmark.Command(),
    PrecisionStudy.Command(),
    EmbeddingBenchmark.Command(),
    InspectionBenchmark.Command(),
    MetricsBenchmark.Command(),
    QualityStudies.Command(),
    FitBenchmark.Command(),
    LongBenchmark.Command(),
    LoadingBenchmark.Command(),
    ServingBenchmark.Command(),
    StoreBenchmark.Command(),
    TrainingBenchmark.Command(),
    TuningBenchmark.Command(),
    VocabularyBenchmark.Command(),
};
return root.Parse(args).Invoke();
