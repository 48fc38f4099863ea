using System.Diagnostics;
using System.Text;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

/// <summary>Starts the program FreshProcess.</summary>
internal static class FreshProcesses
{
    /// <param name="switchedOff">An environment variable that is set to 0 for the process.</param>
    public static Process Start(IEnumerable<string> arguments, string? switchedOff = null)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Microsoft.ML.Seq2Seq.FreshProcess.dll");
        string host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        var start = new ProcessStartInfo(host, [program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        // As many threads as these tests have: rows are dealt out to threads, and sums of another batch round otherwise.
        start.Environment["OMP_NUM_THREADS"] = "1";
        if (switchedOff is not null)
            start.Environment[switchedOff] = "0";
        return Process.Start(start)!;
    }
}
