using Microsoft.ML.Seq2Seq.Persistence;
using Microsoft.ML.Seq2Seq.Tests.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Persistence;

[TestClass]
public sealed class ByteSpoolTests
{
    [TestMethod]
    [DataRow(0)]
    [DataRow(10)]
    [DataRow(3_000_000)]
    [DataRow(int.MaxValue)]
    public void BytesComeBackFromAnywhereWhileMoreAreAdded(int memoryLimit)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(1);
        var expected = new List<byte>();
        using var spool = new ByteSpool(folder.Path, memoryLimit);
        foreach (int count in new[] { 0, 1, 5, 300, 2_000_000, 7, 1_000_000, 100, 1 << 20, 3 })
        {
            byte[] bytes = new byte[count];
            random.NextBytes(bytes);
            spool.Append(bytes);
            expected.AddRange(bytes);
            Assert.AreEqual(expected.Count, spool.Length);
            for (int i = 0; i < 20; i++)
            {
                int start = random.Next(expected.Count + 1), length = random.Next(Math.Min(expected.Count - start, 5000) + 1);
                byte[] read = new byte[length];
                spool.Read(start, read);
                CollectionAssert.AreEqual(expected.GetRange(start, length), read);
            }
        }
        byte[] all = new byte[expected.Count];
        spool.Read(0, all);
        CollectionAssert.AreEqual(expected, all);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => spool.Read(expected.Count, new byte[1]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => spool.Read(-1, new byte[1]));
    }

    [TestMethod]
    public void FewBytesTouchNoDisk()
    {
        using var spool = new ByteSpool("/no/such/folder", memoryLimit: 100);
        spool.Append(new byte[100]);
        spool.Append([]);

        string message = Assert.ThrowsExactly<IOException>(() => spool.Append([1])).Message;

        Assert.Contains("/no/such/folder", message);
        Assert.Contains(nameof(MLContext.TempFilePath), message);
    }

    /// <summary>So nothing is left of a process that was killed, either.</summary>
    [TestMethod]
    public void TheFileHasNoNameWhereTheSystemAllowsAndIsGoneAfterwards()
    {
        using var folder = new TemporaryFolder();
        using (var spool = new ByteSpool(folder.Path, memoryLimit: 0))
        {
            spool.Append(new byte[3 << 20]);
            spool.Read(1 << 20, new byte[100]);
            Assert.HasCount(OperatingSystem.IsWindows() ? 1 : 0, Directory.GetFiles(folder.Path));
            Assert.HasCount(OperatingSystem.IsLinux() ? 1 : 0, OpenFiles.In(folder.Path));
        }
        Assert.IsEmpty(Directory.GetFiles(folder.Path));
        Assert.IsEmpty(OpenFiles.In(folder.Path));
    }
}

/// <summary>Files that this process has open, deleted ones too.</summary>
internal static class OpenFiles
{
    /// <summary>Below a folder; none where the system doesn't tell.</summary>
    public static string[] In(string folder) => !OperatingSystem.IsLinux()
        ? []
        : [.. Directory.GetFiles("/proc/self/fd").Select(link => new FileInfo(link).LinkTarget).OfType<string>()
            .Where(target => target.StartsWith(folder, StringComparison.Ordinal))];
}
