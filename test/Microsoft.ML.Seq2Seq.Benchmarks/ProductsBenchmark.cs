using System.CommandLine;
using System.Diagnostics;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>The float32 products of a training step, layer by layer, by each library, as shares of the roof: one after the other on every
/// core at once, as replicas run them.</summary>
internal static class ProductsBenchmark
{
    private const int Weights = 12; // matrices in turn: a step comes back to one when no cache has it any more
    private const int Rounds = 5;
    private static readonly TimeSpan _round = TimeSpan.FromMilliseconds(250);

    public static System.CommandLine.Command Command()
    {
        var config = new Option<string>("--config") { Description = "tiny or base", DefaultValueFactory = _ => "base" };
        config.AcceptOnlyFromAmong("tiny", "base");
        var rows = new Option<int>("--rows") { Description = "tokens of a replica", DefaultValueFactory = _ => 480 };
        var command = new System.CommandLine.Command("products", "The matrix products of a training step in float32, as shares of the roof.") { config, rows };
        command.SetAction(parsed => Run(parsed.GetValue(config)!, parsed.GetValue(rows)));
        return command;
    }

    private static void Run(string config, int rows)
    {
        var architecture = config == "tiny" ? TransformerArchitecture.Tiny : TransformerArchitecture.Base;
        int width = architecture.ModelDimension, inner = architecture.FeedForwardDimension;
        using var heap = NativeHeap.Keep();
        foreach (var (input, output) in new[] { (width, width), (width, 3 * width), (width, inner), (inner, width) })
            Measure(rows, input, output);
    }

    private static void Measure(int rows, int input, int output)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor[] weights = [.. Enumerable.Range(0, Weights).Select(_ => randn(output, input))];
        var bias = zeros(output);
        void Show(string product, string library, Func<Action<int>> create)
        {
            double measured = FlopsPerSecond(2.0 * rows * input * output, create);
            // Right after it: the machine swings.
            double roof = Median(Enumerable.Range(0, Rounds).Select(_ => ProductRoof.FlopsPerSecond(ScalarType.Float32)));
            Print($"{product} {input} → {output}, {library}: {measured / roof:f2} of {roof / 1e9:f0} GFLOP/s");
        }

        Show("outputs", "MKL", () =>
        {
            var x = randn(rows, input);
            return i => nn.functional.linear(x, weights[i], bias).Dispose();
        });
        Show("gradients of inputs", "MKL", () =>
        {
            var dy = randn(rows, output);
            return i => dy.mm(weights[i]).Dispose();
        });
        Show("gradients of weights, into their sums", "MKL", () =>
        {
            Tensor x = randn(rows, input), dy = randn(rows, output).t();
            Tensor[] sums = [.. weights.Select(weight => zeros_like(weight))];
            return i => sums[i].addmm_(dy, x);
        });
        if (!OneDnn.IsFaster)
            return;
        Show("outputs", "oneDNN", () =>
        {
            var x = randn(rows, input);
            return i => OneDnn.Linear(x, weights[i], bias).Dispose();
        });
        Show("gradients of inputs", "oneDNN", () =>
        {
            var dy = randn(rows, output);
            Tensor[] transposed = [.. weights.Select(weight => weight.t())];
            return i => OneDnn.Linear(dy, transposed[i]).Dispose();
        });
        Show("gradients of weights, to be added", "oneDNN", () =>
        {
            Tensor x = randn(rows, input).t(), dy = randn(rows, output).t();
            return _ => OneDnn.Linear(dy, x).Dispose();
        });
    }

    /// <summary>Of all threads together.</summary>
    /// <param name="flops">Of one product.</param>
    /// <param name="create">Makes the operands of a thread; what it returns multiplies them with the weights of a number.</param>
    private static double FlopsPerSecond(double flops, Func<Action<int>> create)
    {
        int threads = ThreadSetting.Count, next = -1;
        using var start = new Barrier(threads);
        double[] rates = new double[threads];
        SingleThreads.Run("Products", threads, () =>
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var product = create();
            int thread = Interlocked.Increment(ref next), weight = thread * Weights / threads;
            var measured = new List<double>();
            for (int round = -1; round < Rounds; round++)
            {
                start.SignalAndWait();
                int count = 0;
                var watch = Stopwatch.StartNew();
                for (; watch.Elapsed < _round; count++)
                    product(weight++ % Weights);
                if (round >= 0) // the first compiles
                    measured.Add(count * flops / watch.Elapsed.TotalSeconds);
            }
            rates[thread] = Median(measured);
        });
        return rates.Sum();
    }
}
