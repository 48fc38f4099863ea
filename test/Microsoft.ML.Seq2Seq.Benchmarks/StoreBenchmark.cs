using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Estimators;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Training;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Training from a store of many pairs against training from a few that stay in memory.</summary>
internal static partial class StoreBenchmark
{
    private const int Seed = 1;
    private const int TokensPerBatch = 1024; // two models in training share the 2 GB
    private const int SmallPairs = 20_000;
    private const int Shortest = 6, Longest = 18; // words of a text
    private const int ColdEvery = 10; // steps

    public static System.CommandLine.Command Command()
    {
        var pairs = new Option<int>("--pairs") { Description = "rows of the large store", DefaultValueFactory = _ => 20_000_000 };
        var steps = new Option<int>("--steps") { Description = "measured training steps of Tiny from each store", DefaultValueFactory = _ => 60 };
        var threads = new Option<int?>("--threads") { Description = "libtorch threads (default: libtorch's)" };
        var cold = new Option<bool>("--cold")
        {
            Description = $"drops the store's file from the page cache every {ColdEvery} steps, so that its rows come from the " +
                "disk again: what a store many times larger than memory is like (Linux)",
        };
        var folder = new Option<string?>("--folder") { Description = "folder for the temporary files (default: the system's)" };
        var command = new System.CommandLine.Command("store", """
            Reads many generated pairs through the trainer's own path (cursor, spool, vocabulary of whitespace tokens, token store),
            prints pairs/s, bytes a pair and resident memory, and compares the speed of training steps from the large store and
            from a small one in memory, turn by turn.

            With a memory limit of 2 GB, build first and run the program itself:
              systemd-run --scope -p MemoryMax=2G -p MemorySwapMax=0 dotnet Microsoft.ML.Seq2Seq.Benchmarks.dll store
              docker run --memory 2g --memory-swap 2g ...
              prlimit --data=2147483648 dotnet Microsoft.ML.Seq2Seq.Benchmarks.dll store
            The last needs no rights and works where there is neither systemd nor a cgroup of one's own: it bounds all memory
            that is not backed by a file, libtorch's and .NET's; pages of files, which the system takes back when it
            likes, are shown as 'file', and --cold takes those of the store back. 'ulimit -v' is of no use, for .NET reserves addresses in
            plenty, and 'ulimit -m' and 'prlimit --rss' do nothing on Linux.
            """)
        {
            pairs, steps, threads, cold, folder,
        };
        command.SetAction(parsed => Run(
            parsed.GetValue(pairs), parsed.GetValue(steps), parsed.GetValue(threads), parsed.GetValue(cold), parsed.GetValue(folder)));
        return command;
    }

    private static void Run(int pairs, int steps, int? threads, bool cold, string? folder)
    {
        using var scope = new ThreadScope(threads);
        using var memory = new ResidentMemory();
        memory.Print("start");
        var watch = Stopwatch.StartNew();
        using var large = Read(pairs, folder, row =>
        {
            if (row % Math.Max(1, pairs / 4) == 0 && row > 0)
                memory.Print($"{row} rows read, {watch.Elapsed.TotalSeconds:f0} s");
        });
        double reading = watch.Elapsed.TotalSeconds;
        var store = large.Training;
        memory.Print("vocabulary learned, rows encoded");
        Print($"{store.Count} pairs in {reading:f0} s: {store.Count / reading:f0} pairs/s; {(double)store.Bytes / store.Count:f1} bytes a pair, {store.Bytes >> 20} MB");

        using var small = Read(SmallPairs, folder, null);
        using var generator = new Generator(Seed, CPU);
        using var model = new TransformerModel(TransformerArchitecture.Tiny, large.Codec.Source.VocabularySize, large.Codec.Target.VocabularySize, generator);
        using var step = new TrainingStep(model, new TrainingOptions(), Seed);
        var planner = new BatchPlanner(store, TokensPerBatch);
        double planning = Seconds(() => Print($"an epoch has {planner.Shuffled(Seed, 1).Count()} steps"));
        Print($"planned in {planning:f1} s, padding {Padding(store, planner):p1}; of the small store {Padding(small.Training, new BatchPlanner(small.Training, TokensPerBatch)):p1}");
        memory.Print("an epoch planned");

        var fromLarge = new Contender(step, store);
        var fromSmall = new Contender(step, small.Training);
        for (int i = 0; i < 3; i++)
        {
            fromLarge.Step(isMeasured: false);
            fromSmall.Step(isMeasured: false);
        }
        for (int i = 0; i < steps; i++)
        {
            if (cold && i % ColdEvery == 0)
                PageCache.Drop();
            fromLarge.Step(isMeasured: true);
            fromSmall.Step(isMeasured: true);
            if (i % Math.Max(1, steps / 4) == 0)
                memory.Print($"{i + 1} steps");
        }
        memory.Print("end");
        Print($"small store {fromSmall.TokensPerSecond:f0} target tokens/s, large store {fromLarge.TokensPerSecond:f0}, planning included");
        Print($"RATIO store/{pairs}/step-speed {fromLarge.TokensPerSecond / fromSmall.TokensPerSecond:f3}");
    }

    private static TrainingData Read(int pairs, string? folder, Action<int>? onRow)
    {
        var ml = new MLContext(Seed);
        if (folder is not null)
            ml.TempFilePath = folder;
        var options = new TransformerTrainer.Options
        {
            Tokenization = { Kind = SubwordKind.Whitespace, VocabularySize = 10_000 },
            ValidationFraction = 0.1,
        };
        var view = ml.Data.LoadFromEnumerable(SyntheticPairs.Texts(pairs, Shortest, Longest, onRow));
        return TrainingData.Read(((IHostEnvironment)ml).Register("Benchmark"), view, null, options, Seed);
    }

    /// <summary>Share of the places of some batches that hold no token.</summary>
    private static double Padding(EncodedPairs pairs, BatchPlanner planner)
    {
        long tokens = 0, places = 0;
        foreach (int[] rows in planner.Shuffled(Seed, 1).Take(500))
        {
            var lengths = rows.Select(pairs.Lengths).ToArray();
            tokens += lengths.Sum(length => length.Source + length.Target + 2L);
            places += rows.Length * (2L + lengths.Max(length => length.Source) + lengths.Max(length => length.Target));
        }
        return 1 - ((double)tokens / places);
    }

    private static double Seconds(Action work)
    {
        var watch = Stopwatch.StartNew();
        work();
        return watch.Elapsed.TotalSeconds;
    }

    /// <summary>One store and the times of steps from it. Planning a window is shared out among its steps.</summary>
    private sealed class Contender(TrainingStep step, EncodedPairs pairs)
    {
        private readonly double _planning = PlanningPerStep(pairs);
        private IEnumerator<int[]> _batches = Enumerable.Empty<int[]>().GetEnumerator();
        private int _epoch;
        private double _seconds, _tokens;

        /// <summary>Of all measured steps together: a rare one that waits for the disk counts.</summary>
        public double TokensPerSecond => _tokens / _seconds;

        public void Step(bool isMeasured)
        {
            while (!_batches.MoveNext())
                _batches = new BatchPlanner(pairs, TokensPerBatch).Shuffled(Seed, ++_epoch).GetEnumerator();
            int[] rows = _batches.Current;
            double seconds = Seconds(() => step.Run(pairs, [rows], learningRate: 1e-4)) + _planning;
            if (!isMeasured)
                return;
            _seconds += seconds;
            _tokens += rows.Sum(row => pairs.TargetLength(row) + 1.0);
        }

        private static double PlanningPerStep(EncodedPairs pairs)
        {
            int steps = 0;
            return Seconds(() => steps = new BatchPlanner(pairs, TokensPerBatch).Shuffled(Seed, 0).Take(20_000).Count()) / steps;
        }
    }

    /// <summary>What the system keeps in memory of this process's temporary files.</summary>
    private static partial class PageCache
    {
        private const int DontNeed = 4;

        public static void Drop()
        {
            foreach (string link in Directory.GetFiles("/proc/self/fd"))
            {
                if (new FileInfo(link).LinkTarget?.Contains("Microsoft.ML.Seq2Seq-", StringComparison.Ordinal) != true)
                    continue;
                int file = int.Parse(Path.GetFileName(link), CultureInfo.InvariantCulture);
                if (Synchronize(file) != 0 || Advise(file, 0, 0, DontNeed) != 0)
                    throw new IOException($"{link} was not dropped.");
            }
        }

        [LibraryImport("libc", EntryPoint = "fdatasync")]
        private static partial int Synchronize(int file);

        [LibraryImport("libc", EntryPoint = "posix_fadvise")]
        private static partial int Advise(int file, nint offset, nint length, int advice);
    }

    /// <summary>The memory of this process: now, and the most of it since the last look.</summary>
    private sealed class ResidentMemory : IDisposable
    {
        private readonly Timer _timer;
        private readonly Lock _lock = new();
        private Sample _highest;

        public ResidentMemory() => _timer = new Timer(_ => Look(), null, 0, period: 100);

        public void Print(string when)
        {
            var now = Look();
            lock (_lock)
            {
                Print($"RSS {now.All >> 10} MB ({now.Own >> 10} own, {now.File >> 10} file; highest {_highest.All >> 10}, {_highest.Own >> 10} own): {when}");
                _highest = default;
            }
        }

        public void Dispose() => _timer.Dispose();

        private Sample Look()
        {
            var now = Sample.Now();
            lock (_lock)
                _highest = new Sample(Math.Max(now.All, _highest.All), Math.Max(now.Own, _highest.Own), Math.Max(now.File, _highest.File));
            return now;
        }

        /// <summary>In KB; zeros where the system has no /proc.</summary>
        private readonly record struct Sample(long All, long Own, long File)
        {
            public static Sample Now()
            {
                if (!OperatingSystem.IsLinux())
                    return default;
                var lines = System.IO.File.ReadLines("/proc/self/status").Select(line => line.Split(':')).ToDictionary(parts => parts[0], parts => parts[1]);
                long Of(string name) => long.Parse(lines[name].Replace("kB", "").Trim(), CultureInfo.InvariantCulture);
                return new Sample(Of("VmRSS"), Of("RssAnon"), Of("RssFile"));
            }
        }
    }
}
