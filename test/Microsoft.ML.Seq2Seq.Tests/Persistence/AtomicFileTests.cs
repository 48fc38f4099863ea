using Microsoft.ML.Seq2Seq.Persistence;
using Microsoft.ML.Seq2Seq.Tests.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Persistence;

[TestClass]
public sealed class AtomicFileTests
{
    [TestMethod]
    public void AFailedWriteLeavesTheOldFileAlone()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "w");
        File.WriteAllText(path, "old");

        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(1);
            throw new InvalidOperationException();
        }));

        Assert.AreEqual("old", File.ReadAllText(path));
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void OfManyWritersAtATimeOneWinsAndNoneFails()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "w");
        using var together = new Barrier(8);
        Task[] writers = [.. Enumerable.Range(0, 8).Select(i => Task.Factory.StartNew(() => AtomicFile.Write(path, stream =>
        {
            Assert.IsTrue(together.SignalAndWait(TimeSpan.FromMinutes(1)));
            stream.Write(new byte[] { (byte)i, (byte)i });
        }), TaskCreationOptions.LongRunning))];

        Task.WaitAll(writers);

        byte[] content = File.ReadAllBytes(path);
        Assert.HasCount(2, content);
        Assert.AreEqual(content[0], content[1]);
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void FilesOfOthersStay()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "w");
        File.WriteAllText(path + ".tmp", "mine");

        AtomicFile.Write(path, stream => stream.WriteByte(1));
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, _ => throw new InvalidOperationException()));

        Assert.AreEqual("mine", File.ReadAllText(path + ".tmp"));
        Assert.HasCount(2, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void ALinkStaysAndTheFileItLeadsToIsWritten()
    {
        if (OperatingSystem.IsWindows())
            return; // links need a privilege there
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "data"));
        string link = Path.Combine(folder.Path, "link"), file = Path.Combine(folder.Path, "data", "file");
        File.CreateSymbolicLink(link, Path.Combine("data", "file")); // there is no such file yet

        for (byte i = 0; i < 2; i++)
        {
            AtomicFile.Write(link, stream => stream.WriteByte(i));
            CollectionAssert.AreEqual(new[] { i }, File.ReadAllBytes(file));
        }

        Assert.IsNotNull(new FileInfo(link).LinkTarget);
        Assert.HasCount(1, Directory.GetFiles(Path.Combine(folder.Path, "data")));
    }

    [TestMethod]
    public void WhatAKilledProcessLeavesIsFound()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "step-1.checkpoint");
        string[] left = [];

        AtomicFile.Write(path, _ => left = [.. AtomicFile.LeftBehind(folder.Path, "step-*.checkpoint")]);

        Assert.HasCount(1, left);
        Assert.IsEmpty(AtomicFile.LeftBehind(folder.Path, "step-*.checkpoint"));
    }
}
