using System.CommandLine;
using global::Samples.Commands;

namespace Microsoft.ML.Seq2Seq.Tests.Samples;

[TestClass]
public sealed class CommandTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples").FullName;

    [TestCleanup]
    public void Cleanup() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DataRow("--train missing.tsv", "--train: there is no file 'missing.tsv'.")]
    [DataRow("--preset huge", "huge")]
    [DataRow("--epochs 0", "--epochs is 0; allowed: a number from 1 to 10000.")]
    [DataRow("--epochs many", "--epochs is many; allowed: a number from 1 to 10000.")]
    [DataRow("--dropout 1", "--dropout is 1; allowed: a number from 0 to 0.95.")]
    [DataRow("--vocabulary 10", "--vocabulary is 10; allowed: a number from 300 to 1000000.")]
    [DataRow("--minutes nan", "--minutes is nan")]
    [DataRow("--model /no/such/folder/m.zip", "--model: there is no folder '/no/such/folder'.")]
    [DataRow("--epoch 3", "--epoch")]
    public void AWrongArgumentIsNamedWithWhatIsAllowed(string arguments, string message)
        => Assert.IsTrue(TranslateCommand.Create().Parse(arguments).Errors.Any(error => error.Message.Contains(message, StringComparison.Ordinal)),
            string.Join('\n', TranslateCommand.Create().Parse(arguments).Errors.Select(error => error.Message)));

    [TestMethod]
    public void TheFilesAreRequired()
    {
        string errors = string.Join('\n', TranslateCommand.Create().Parse("").Errors.Select(error => error.Message));

        foreach (string option in new[] { "--train", "--valid", "--test" })
            StringAssert.Contains(errors, option);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("--quick --seed 3 --epochs 1 --minutes 0.5 --model dates.zip")]
    public void TheMainJobNeedsNoArgument(string arguments)
        => Assert.IsEmpty(DatesCommand.Create().Parse(arguments).Errors);

    [TestMethod]
    public void AFaultInAFileIsOneLineAndAnExitCode()
    {
        string path = Path.Combine(_folder, "bad.tsv");
        File.WriteAllText(path, "only a source\n");
        using StringWriter error = new() { NewLine = "\n" };

        int code = TranslateCommand.Create().Parse(["--train", path, "--valid", path, "--test", path])
            .Invoke(new InvocationConfiguration { Error = error, Output = TextWriter.Null });

        Assert.AreEqual(CommandParts.Failure, code);
        Assert.AreEqual($"Error: {path}, line 1: 1 column found; expected: source, tab, target.\n", error.ToString());
    }

    [TestMethod]
    public void AForeignModelFileIsAnErrorOfOneLine()
    {
        string path = Path.Combine(_folder, "model.zip");
        File.WriteAllText(path, "no zip at all");
        using StringWriter error = new() { NewLine = "\n" };

        int code = PredictCommand.Create().Parse(["--model", path])
            .Invoke(new InvocationConfiguration { Error = error, Output = TextWriter.Null });

        Assert.AreEqual(CommandParts.Failure, code);
        StringAssert.StartsWith(error.ToString(), $"Error: {path} is no model: ");
        Assert.AreEqual(1, error.ToString().Count(c => c == '\n'), error.ToString());
    }

    [TestMethod]
    public void TranslateTrainsMeasuresAndSavesAModelThatPredicts()
    {
        string path = Path.Combine(_folder, "rows.tsv");
        string model = Path.Combine(_folder, "model.zip");
        File.WriteAllLines(path, Enumerable.Range(0, 60).Select(i => $"say \"{i % 7}\" {i}\tsaid {i} \"{i % 7}\""));
        using StringWriter output = new();
        using StringWriter error = new();

        int code = TranslateCommand.Create()
            .Parse(["--train", path, "--valid", path, "--test", path, "--model", model, "--epochs", "2", "--vocabulary", "300", "--beam", "1"])
            .Invoke(new InvocationConfiguration { Error = error, Output = output });

        Assert.AreEqual(CommandParts.Success, code, error.ToString());
        foreach (string part in new[] { "60 training rows", "Validation loss", "BLEU", model })
            StringAssert.Contains(output.ToString(), part);
        using StringWriter answers = new();
        PredictCommand.Run(new MLContext().Model.Load(model, out _), ["say 1", "", "say 2"], answers, 2, CancellationToken.None);
        Assert.AreEqual(3, answers.ToString().Count(c => c == '\n'));
    }

    [TestMethod]
    public void CompareTrainsBothModelsAndShowsThemSideBySide()
    {
        string path = Path.Combine(_folder, "rows.tsv");
        File.WriteAllLines(path, Enumerable.Range(0, 30).Select(i => $"say {i}\tsaid {i}"));
        using StringWriter output = new();
        using StringWriter error = new();

        int code = CompareCommand.Create()
            .Parse(["--train", path, "--valid", path, "--test", path, "--epochs", "1", "--vocabulary", "300", "--cell", "gru", "--beam", "1"])
            .Invoke(new InvocationConfiguration { Error = error, Output = output });

        Assert.AreEqual(CommandParts.Success, code, error.ToString());
        foreach (string part in new[] { "Recurrent (Gru, Luong)", "BLEU", "chrF", "Exact match", "tokens/s", "rows/s", "Weights", "O(1)", "O(n)" })
            StringAssert.Contains(output.ToString(), part);
    }

    [TestMethod]
    public void InspectShowsWhatIsWrongAndWritesAPage()
    {
        string path = Path.Combine(_folder, "rows.tsv");
        string page = Path.Combine(_folder, "page.html");
        File.WriteAllLines(path, Enumerable.Range(0, 60).Select(i => i == 7 ? "same\tsame" : $"say \"{i}\" [red] {i * i}\tsaid {i * i} \"{i}\""));
        using StringWriter output = new();
        using StringWriter error = new();

        int sound = InspectCommand.Create().Parse(["--file", path, "--html", page, "--examples", "1"])
            .Invoke(new InvocationConfiguration { Error = error, Output = output });
        int overlapping = InspectCommand.Create().Parse(["--file", path, "--valid", path])
            .Invoke(new InvocationConfiguration { Error = error, Output = output });

        Assert.AreEqual(CommandParts.Success, sound, error.ToString());
        Assert.AreEqual(CommandParts.Failure, overlapping, error.ToString());
        foreach (string part in new[] { "WARNING  1 (1.7 %)  Rows whose target is the source.", "row 8: same → same", "TransformerArchitecture.Tiny", page })
            StringAssert.Contains(output.ToString(), part);
        StringAssert.Contains(File.ReadAllText(page), "Inspection of rows.tsv");
    }
}
