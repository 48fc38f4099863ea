using System.Diagnostics;
using Microsoft.ML.Seq2Seq.Persistence;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class KillTests
{
    [TestMethod]
    public async Task ARunThatIsKilledAgainAndAgainEndsAsIfItHadNot()
    {
        using var whole = new TemporaryFolder();
        using var killed = new TemporaryFolder();
        var uninterrupted = Finish(whole.Path); // beside the others
        var random = new Random();

        Kill(killed.Path, until: () => Directory.GetFiles(killed.Path, "*" + AtomicFile.TemporaryExtension).Length > 0); // while it writes
        for (int i = 0; i < 2; i++)
        {
            string[] before = Directory.GetFiles(killed.Path);
            var delay = TimeSpan.FromMilliseconds(random.Next(200));
            Stopwatch? sinceProgress = null;
            Kill(killed.Path, until: () =>
            {
                if (sinceProgress is null && Directory.GetFiles(killed.Path, "*.checkpoint").Except(before).Any())
                    sinceProgress = Stopwatch.StartNew();
                return sinceProgress?.Elapsed > delay;
            });
        }

        Assert.AreEqual(await uninterrupted, await Finish(killed.Path));
        Assert.IsEmpty(Directory.GetFiles(killed.Path, "*" + AtomicFile.TemporaryExtension));
    }

    /// <summary>Ends a run with SIGKILL as soon as a condition holds.</summary>
    private static void Kill(string folder, Func<bool> until)
    {
        using var process = FreshProcesses.Start(["train", folder]);
        while (!until() && !process.HasExited)
            Thread.Sleep(1);
        Assert.IsFalse(process.HasExited, process.HasExited ? process.StandardError.ReadToEnd() : null);
        process.Kill();
        process.WaitForExit();
        Assert.AreNotEqual(0, process.ExitCode);
        Assert.IsNotEmpty(Directory.GetFiles(folder));
    }

    private static async Task<string> Finish(string folder)
    {
        using var process = FreshProcesses.Start(["train", folder]);
        var errors = process.StandardError.ReadToEndAsync();
        string result = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.AreEqual(0, process.ExitCode, await errors);
        return result;
    }
}
