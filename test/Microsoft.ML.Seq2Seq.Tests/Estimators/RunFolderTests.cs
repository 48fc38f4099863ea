using Microsoft.ML.Seq2Seq.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class RunFolderTests
{
    private static readonly TrainingOptions _options = new() { CheckpointDirectory = "checkpoints" };

    [TestMethod]
    public void RunsWithinRunsKeepTheirFilesWithinThoseOfTheOuterOne()
    {
        string[] seen = RunFolder.Use("outer", () => new[] { Seen(), RunFolder.Use("inner", Seen), Seen() });
        CollectionAssert.AreEqual(
            new[] { Path.Combine("checkpoints", "outer"), Path.Combine("checkpoints", "outer", "inner"), Path.Combine("checkpoints", "outer") }, seen);
        Assert.AreSame(_options, RunFolder.Apply(_options));
        Assert.AreEqual("checkpoints", _options.CheckpointDirectory);
    }

    [TestMethod]
    public void ARunThatFailsLeavesTheFolder()
    {
        Assert.ThrowsExactly<InvalidOperationException>(() => RunFolder.Use<int>("fold", () => throw new InvalidOperationException()));
        Assert.AreSame(_options, RunFolder.Apply(_options));
    }

    [TestMethod]
    public void AFolderThatIsNotNamedStaysSo() =>
        Assert.IsNull(RunFolder.Use("fold", () => RunFolder.Apply(_options)).TensorBoardDirectory);

    private static string Seen() => RunFolder.Apply(_options).CheckpointDirectory!;
}
