using global::Samples.Commands;

namespace Microsoft.ML.Seq2Seq.Tests.Samples;

[TestClass]
public sealed class PredictCommandTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(512)]
    public void EachLineGetsItsLineInOrder(int chunkSize)
    {
        string[] lines = ["one", "", " two ", "drei \"vier\"", "", "五", "six\tseven"];
        using StringWriter output = new() { NewLine = "\n" };

        PredictCommand.Run(Echo("Source"), lines, output, chunkSize, CancellationToken.None);

        Assert.AreEqual(string.Join('\n', lines) + "\n", output.ToString());
    }

    [TestMethod]
    public void AnOutputOfSeveralLinesTakesOne()
    {
        MLContext ml = new();
        ITransformer model = ml.Transforms.CustomMapping<Text, Predicted>((from, to) => to.PredictedTarget = $"{from.Source}\r\nb\nc", null)
            .Fit(ml.Data.LoadFromEnumerable(Array.Empty<Text>()));
        using StringWriter output = new() { NewLine = "\n" };

        PredictCommand.Run(model, ["a"], output, chunkSize: 8, CancellationToken.None);

        Assert.AreEqual("a b c\n", output.ToString());
    }

    [TestMethod]
    public void AnswersAreWrittenBeforeTheInputEnds()
    {
        using StringWriter output = new() { NewLine = "\n" };
        List<string> seen = []; // what had been written by the time of each read

        PredictCommand.Run(Echo("Source"), Lines(), output, chunkSize: 2, CancellationToken.None);

        CollectionAssert.AreEqual(new[] { "", "", "1\n2\n", "1\n2\n", "1\n2\n3\n4\n", "1\n2\n3\n4\n" }, seen);

        IEnumerable<string> Lines()
        {
            for (int i = 1; i <= 5; i++)
            {
                seen.Add(output.ToString());
                yield return $"{i}";
            }
            seen.Add(output.ToString());
        }
    }

    [TestMethod]
    public void NoInputGivesNoOutput()
    {
        using StringWriter output = new();

        PredictCommand.Run(Echo("Source"), [], output, chunkSize: 2, CancellationToken.None);

        Assert.AreEqual("", output.ToString());
    }

    private static ITransformer Echo(string column)
    {
        MLContext ml = new();
        return ml.Transforms.CopyColumns("PredictedTarget", column).Fit(ml.Data.LoadFromEnumerable(Array.Empty<Text>()));
    }

    private sealed class Text
    {
        public string Source { get; set; } = "";
    }

    private sealed class Predicted
    {
        public string PredictedTarget { get; set; } = "";
    }
}
