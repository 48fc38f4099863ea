using System.CommandLine;
using Microsoft.ML.Seq2Seq.Benchmarks;

// One file and one line for each benchmark.
var root = new RootCommand("Measures Microsoft.ML.Seq2Seq against what a .NET user has without it.")
{
    DecodingBenchmark.Command(),
    LoadingBenchmark.Command(),
    ServingBenchmark.Command(),
    TrainingBenchmark.Command(),
    VocabularyBenchmark.Command(),
};
return root.Parse(args).Invoke();
