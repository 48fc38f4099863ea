using System.CommandLine;
using Microsoft.ML.Seq2Seq.Benchmarks;
using Microsoft.ML.Seq2Seq.Benchmarks.Quality;

// One file and one line for each benchmark.
var root = new RootCommand("Measures Microsoft.ML.Seq2Seq against what a .NET user has without it.")
{
    BulkBenchmark.Command(),
    DecodingBenchmark.Command(),
    EmbeddingBenchmark.Command(),
    FitBenchmark.Command(),
    InspectionBenchmark.Command(),
    LoadingBenchmark.Command(),
    LongBenchmark.Command(),
    MemoryBenchmark.Command(),
    MetricsBenchmark.Command(),
    PrecisionStudy.Command(),
    ProductsBenchmark.Command(),
    QualityStudies.Command(),
    ServingBenchmark.Command(),
    StoreBenchmark.Command(),
    TrainingBenchmark.Command(),
    TranslationBenchmark.Command(),
    TuningBenchmark.Command(),
    VocabularyBenchmark.Command(),
};
return root.Parse(args).Invoke();
