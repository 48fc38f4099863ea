using System.CommandLine;
using System.Diagnostics;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Benchmarks.Quality;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>A trained model on real text: what each precision does to its score, and what <c>Transform</c> adds to the search
/// over the same batches of token ids.</summary>
internal static class TranslationBenchmark
{
    public static System.CommandLine.Command Command()
    {
        var model = new Option<FileInfo>("--model") { Description = "a saved Transformer, such as the sample 'translate' makes", Required = true };
        var test = new Option<FileInfo>("--test") { Description = "rows to translate: source, tab, target", Required = true };
        var beam = new Option<int>("--beam") { Description = "beam size", DefaultValueFactory = _ => 5 };
        var repeat = new Option<int>("--repeat") { Description = "times the rows, for the speeds", DefaultValueFactory = _ => 20 };
        var command = new System.CommandLine.Command("translation", "Scores of each precision, and Transform against the bare search.")
        {
            model, test, beam, repeat,
        };
        command.SetAction(parsed =>
        {
            var rows = parsed.GetValue(test)!;
            Run(parsed.GetValue(model)!.FullName, PairRow.Read(rows.DirectoryName!, rows.Name), parsed.GetValue(beam), parsed.GetValue(repeat));
        });
        return command;
    }

    private static void Run(string path, PairRow[] rows, int beam, int repeat)
    {
        var ml = new MLContext(1);
        using var model = (Seq2SeqTransformer)ml.Model.Load(path, out _);
        PairRow[] many = [.. Enumerable.Repeat(rows, repeat).SelectMany(row => row)];
        double exact = 0;
        foreach (var precision in new[] { InferencePrecision.Float32, InferencePrecision.BFloat16, InferencePrecision.Int8 })
        {
            string name = precision.ToString().ToLowerInvariant();
            using var rounded = precision == InferencePrecision.Float32 ? null : model.Quantize(precision);
            using var served = (rounded ?? model).WithDecoding(new DecodingOptions { BeamSize = beam });
            double bleu = ml.Seq2Seq.Evaluate(served.Transform(ml.Data.LoadFromEnumerable(rows))).Bleu; // and everything is warm
            if (precision == InferencePrecision.Float32)
                exact = bleu;
            var (tokens, seconds) = Search(served, many);
            double whole = Transform(ml, served, many);
            Print($"{name}: BLEU {bleu:f2}; search alone {tokens / seconds:f0} target tokens/s, Transform {tokens / whole:f0}");
            Print($"DIFFERENCE translation/{name}/bleu {bleu - exact:f2}");
            Print($"RATIO translation/{name}/transform {seconds / whole:f3}");
        }
    }

    /// <summary>Seconds from rows to the text of all predictions.</summary>
    private static double Transform(MLContext ml, Seq2SeqTransformer model, PairRow[] rows)
    {
        var watch = Stopwatch.StartNew();
        var scored = model.Transform(ml.Data.LoadFromEnumerable(rows));
        var column = scored.Schema[model.Configuration.Columns.Predicted];
        using var cursor = scored.GetRowCursor([column]);
        var getter = cursor.GetGetter<ReadOnlyMemory<char>>(column);
        ReadOnlyMemory<char> text = default;
        while (cursor.MoveNext())
            getter(ref text);
        return watch.Elapsed.TotalSeconds;
    }

    /// <summary>The same rows as token ids, sorted as a whole and cut by the same budget; on as many threads.</summary>
    private static (long Tokens, double Seconds) Search(Seq2SeqTransformer model, PairRow[] rows)
    {
        var generator = model.Generator;
        var options = model.Decoding;
        int[][] sources = [.. rows.Select(row => generator.Codec.EncodeSource(row.Source)).Where(ids => ids.Length > 0).OrderByDescending(ids => ids.Length)];
        var batches = new List<int[][]>();
        for (int start = 0; start < sources.Length; start += batches[^1].Length)
            batches.Add([.. sources.Skip(start).Take(Math.Max(1, options.BatchTokens / ((sources[start].Length + 1) * options.BeamSize)))]);
        long tokens = 0;
        var watch = Stopwatch.StartNew();
        using (var lease = generator.Weights.Lease())
        {
            var predictor = lease.Model.Predictor(options.Precision);
            SideBySide.ForEach("Search", batches, SideBySide.Threads(CPU), (batch, cancellation) =>
                Interlocked.Add(ref tokens, Search(predictor, batch, options, cancellation)));
        }
        return (tokens, watch.Elapsed.TotalSeconds);
    }

    private static long Search(IStepModel model, int[][] sources, DecodingOptions options, CancellationToken cancellation)
    {
        using var inference = torch.inference_mode();
        using var scope = NewDisposeScope();
        using var batch = SourceBatch.Create(sources, CPU);
        return Decoding.Search.Run(model, batch, options, cancellation).Sum(hypotheses => hypotheses[0].Tokens.Length + 1L);
    }
}
