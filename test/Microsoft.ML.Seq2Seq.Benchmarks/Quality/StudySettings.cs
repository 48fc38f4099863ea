using System.CommandLine;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>What every study takes from its command line.</summary>
/// <param name="Data">Folder with the corpora.</param>
/// <param name="Folder">Folder of the run: checkpoints, curve and results. A run that was stopped goes on from it.</param>
/// <param name="Seed">Fixes everything that is drawn.</param>
/// <param name="Cancellation">Set when the process is asked to end.</param>
internal sealed record StudySettings(string Data, string Folder, int Seed, CancellationToken Cancellation)
{
    private const int Failed = 1, Stopped = 3;

    /// <summary>A sub-command that runs a study, with the options that all share.</summary>
    /// <param name="name">Of the command.</param>
    /// <param name="description">For the help.</param>
    /// <param name="run">The study; it throws <see cref="OperationCanceledException"/> where it was stopped.</param>
    /// <param name="options">Of this study.</param>
    /// <param name="variant">What the options make of the study, for the name of the run's folder; empty for the plain
    /// one.</param>
    public static System.CommandLine.Command CreateCommand(
        string name, string description, Action<StudySettings, ParseResult> run, IReadOnlyList<Option>? options = null,
        Func<ParseResult, string>? variant = null)
    {
        var data = new Option<string>("--data") { Description = "folder with the corpora", DefaultValueFactory = _ => "../shared/data" };
        var folder = new Option<string?>("--out")
        {
            Description = $"folder of the run, which it resumes from (default: artifacts/quality/{name}, and what the options make of it)",
        };
        var seed = new Option<int>("--seed") { Description = "fixes everything that is drawn", DefaultValueFactory = _ => 1 };
        var command = new System.CommandLine.Command(name, description) { data, folder, seed };
        foreach (var option in options ?? [])
            command.Options.Add(option);
        command.SetAction(parsed =>
        {
            using var stop = new CancellationTokenSource();
            void Stop(PosixSignalContext context)
            {
                context.Cancel = true; // the step under way is finished, and a checkpoint written
                stop.Cancel();
            }
            using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
            using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
            try
            {
                run(new StudySettings(
                    parsed.GetValue(data)!,
                    parsed.GetValue(folder) ?? Path.Combine("artifacts", "quality", name + variant?.Invoke(parsed)),
                    parsed.GetValue(seed), stop.Token), parsed);
                return 0;
            }
            catch (OperationCanceledException)
            {
                Console.Error.WriteLine("Stopped. The same command goes on from here.");
                return Stopped;
            }
            catch (Exception e) when (e is IOException or InvalidDataException or InvalidOperationException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine(e.Message);
                return Failed;
            }
        });
        return command;
    }
}
