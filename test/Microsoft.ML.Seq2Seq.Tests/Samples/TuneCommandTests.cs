using System.CommandLine;
using global::Samples.Commands;

namespace Microsoft.ML.Seq2Seq.Tests.Samples;

[TestClass]
public sealed class TuneCommandTests
{
    [TestMethod]
    public void TuneShowsEachRungTheTableAndTheResultAndSavesTheBest()
    {
        string folder = Directory.CreateTempSubdirectory("tune").FullName;
        try
        {
            string path = Path.Combine(folder, "rows.tsv"), model = Path.Combine(folder, "model.zip");
            File.WriteAllLines(path, Enumerable.Range(0, 40).Select(i => $"say {i}\tsaid {i}"));
            using StringWriter output = new();
            using StringWriter error = new();

            int code = TuneCommand.Create()
                .Parse(["--train", path, "--test", path, "--minutes", "0.05", "--trials", "2", "--metric", "chrf", "--model", model])
                .Invoke(new InvocationConfiguration { Error = error, Output = output });

            Assert.AreEqual(CommandParts.Success, code, error.ToString());
            foreach (string part in new[] { "40 rows.", "trial 1 on rung 1", "4+4 × 256", "Best by ChrF", "BLEU", model })
                StringAssert.Contains(output.ToString(), part);
            Assert.IsTrue(File.Exists(model));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    [DataRow("--minutes 0", "--minutes is 0")]
    [DataRow("--metric rouge", "rouge")]
    [DataRow("--train missing.tsv", "--train: there is no file 'missing.tsv'.")]
    public void AWrongArgumentIsNamed(string arguments, string message)
        => StringAssert.Contains(string.Join('\n', TuneCommand.Create().Parse(arguments).Errors.Select(error => error.Message)), message);
}
