using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq.Persistence;
using Microsoft.ML.Transforms.Text;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class ModelFileTests
{
    private static readonly MLContext _ml = new(1);
    private static readonly string[] _sources = ["abc", "", "ffeed", "🙂 unknown", "a"];

    [TestMethod]
    public void AModelComesBackWithIdenticalOutput()
    {
        using var model = Toy.Model.WithDecoding(new DecodingOptions { BeamSize = 3, NumberOfHypotheses = 2, LengthPenaltyForm = LengthPenaltyForm.Power });

        using var loaded = (Seq2SeqTransformer)Load(Save(model));

        AssertSameOutput(model.Generate(_sources), loaded.Generate(_sources));
        Assert.HasCount(2, loaded.Generate("abc").Hypotheses);
        Assert.AreEqual(3, loaded.Decoding.BeamSize);
        Assert.AreEqual(LengthPenaltyForm.Power, loaded.Decoding.LengthPenaltyForm);
        Assert.AreEqual(
            JsonSerializer.Serialize(model.Report), JsonSerializer.Serialize(loaded.Report));
    }

    [TestMethod]
    public void AReportWrittenBeforeSettingsAndMetricsWereKeptStillLoads()
    {
        using var written = new MemoryStream();
        ModelJson.Write(written, Toy.Model.Report);
        var report = JsonNode.Parse(written.ToArray())!.AsObject();
        foreach (string added in new[] { "Settings", "FinalMetrics", "SplitBatches", "RowsLeftOut" })
            Assert.IsTrue(report.Remove(added), added);
        foreach (var point in report["Curve"]!.AsArray())
            Assert.IsTrue(point!.AsObject().Remove("ValidationMetric"));

        using var old = new MemoryStream(Encoding.UTF8.GetBytes(report.ToJsonString()));
        var read = ModelJson.Read<TrainingReport>(old);

        Assert.AreEqual(Toy.Model.Report.Steps, read.Steps);
        Assert.IsEmpty(read.Settings);
        Assert.IsEmpty(read.FinalMetrics);
    }

    [TestMethod]
    public void SeparateVocabulariesComeBack()
    {
        using var model = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options =>
        {
            options.Tokenization.SharedVocabulary = false;
            options.Architecture.ShareEmbeddings = EmbeddingSharing.None;
        })).Fit(Toy.View(Toy.Rows(40)));

        using var loaded = (Seq2SeqTransformer)Load(Save(model));

        AssertSameOutput(model.Generate(_sources), loaded.Generate(_sources));
    }

    [TestMethod]
    [DataRow("DOTNET_EnableAVX512")]
    [DataRow("DOTNET_EnableHWIntrinsic")]
    public void AMachineWithoutVectorInstructionsPredictsTheSame(string instructions) =>
        AssertFreshProcess(Toy.Model, "PredictedTarget", tolerance: 1e-4, switchedOff: instructions);

    [TestMethod]
    public void AFreshProcessThatNeverTouchedTheLibraryLoadsTheModelAloneAndInAChain()
    {
        AssertFreshProcess(Toy.Model, "PredictedTarget");
        var data = Toy.View(Toy.Rows(40));
        var chain = _ml.Transforms.Text.NormalizeText("Lower", "Source", TextNormalizingEstimator.CaseMode.Lower)
            .Append(_ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options => options.SourceColumnName = "Lower")))
            .Append(_ml.Transforms.CopyColumns("Last", "PredictedTarget"));
        using var model = chain.Fit(data);
        AssertFreshProcess(model, "Last");
    }

    [TestMethod]
    public void TheFileHoldsReadableDataAndNoCode()
    {
        using var zip = new ZipArchive(new MemoryStream(Save(Toy.Model)));

        string[] names = [.. zip.Entries.Select(entry => entry.Name)];

        foreach (string name in new[] { "config.json", "report.json", "vocabulary.json", "weights.safetensors" })
            CollectionAssert.Contains(names, name);
        Assert.IsFalse(names.Any(name => name.EndsWith(".pkl", StringComparison.Ordinal) || name.EndsWith(".dll", StringComparison.Ordinal)
            || name.EndsWith(".py", StringComparison.Ordinal)));
        using var config = JsonDocument.Parse(zip.Entries.Single(entry => entry.Name == "config.json").Open());
        var architecture = config.RootElement.GetProperty("Architecture").GetProperty("Transformer");
        Assert.AreEqual(32, architecture.GetProperty("ModelDimension").GetInt32());
        Assert.AreEqual("Pre", architecture.GetProperty("NormPlacement").GetString());
    }

    [TestMethod]
    [DataRow("config.json")]
    [DataRow("report.json")]
    [DataRow("vocabulary.json")]
    [DataRow("weights.safetensors")]
    public void ADamagedEntryIsNamed(string name)
    {
        byte[] file = Save(Toy.Model);
        foreach (var damage in new Func<byte[], byte[]?>[] { Truncate, Flip, _ => [], _ => null })
        {
            var error = LoadingFails(Damage(file, name, damage));
            Assert.IsInstanceOfType<InvalidDataException>(error);
            StringAssert.Contains(error.Message, name);
        }

        static byte[] Truncate(byte[] content) => content[..(content.Length / 2)];
        static byte[] Flip(byte[] content)
        {
            content[content.Length / 3] ^= 4;
            return content;
        }
    }

    [TestMethod]
    public void NoDamageToAnyEntryGoesUnnoticedAndChangesWhatTheModelWrites()
    {
        byte[] file = Save(Toy.Model);
        string[] entries;
        using (var zip = new ZipArchive(new MemoryStream(file)))
            entries = [.. zip.Entries.Where(entry => entry.Length > 0).Select(entry => entry.FullName)];
        var random = new Random(1);
        foreach (string entry in entries)
        {
            for (int i = 0; i < 12; i++)
            {
                byte[] damaged = DamageEntry(file, entry, content =>
                {
                    if (i < 4)
                        return content[..(content.Length * i / 4)];
                    content[random.Next(content.Length)] ^= (byte)(1 << random.Next(8));
                    return content;
                });
                try
                {
                    var loaded = Load(damaged);
                    AssertSameOutput(Toy.Model.Generate(_sources), ((Seq2SeqTransformer)loaded).Generate(_sources));
                    (loaded as IDisposable)?.Dispose();
                }
                catch (Exception error) when (error is not AssertFailedException)
                {
                    Assert.IsNotInstanceOfType<NullReferenceException>(error, $"{entry}: {error}");
                    Assert.IsNotInstanceOfType<OutOfMemoryException>(error, $"{entry}: {error}");
                }
            }
        }
    }

    [TestMethod]
    public void ATruncatedFileAndAForeignOneAreClearErrors()
    {
        byte[] file = Save(Toy.Model);

        Assert.IsNotNull(LoadingFails(file[..(file.Length / 2)]));
        Assert.IsNotNull(LoadingFails(Encoding.UTF8.GetBytes("not a model")));
        Assert.IsNotNull(LoadingFails([]));
    }

    [TestMethod]
    public void AFileNamesTheLibraryInNoVersion()
    {
        var data = Toy.View(Toy.Rows(8));
        using var chain = _ml.Transforms.Text.LearnSubwords("Keys", "Source")
            .Append(_ml.Transforms.Text.JoinSubwords("Joined", "Keys"))
            .Append(_ml.Seq2Seq.Trainers.Transformer(Toy.Brief()))
            .Append(_ml.Seq2Seq.Transforms.Embed(Toy.Model, "Vector", "Source")).Fit(data);
        using var zip = new ZipArchive(new MemoryStream(Save(chain)));

        string[] keys = [.. zip.Entries.Where(entry => entry.Name == "Model.key").Select(Text).Where(key => key.Contains("Microsoft.ML.Seq2Seq", StringComparison.Ordinal))];

        Assert.HasCount(4, keys);
        foreach (string key in keys)
            Assert.DoesNotContain("Version=", key);

        static string Text(ZipArchiveEntry entry)
        {
            using var reader = new StreamReader(entry.Open(), Encoding.Latin1);
            return reader.ReadToEnd().Replace("\0", "", StringComparison.Ordinal);
        }
    }

    internal static byte[] Save(ITransformer model)
    {
        using var file = new MemoryStream();
        _ml.Model.Save(model, Toy.View(Toy.Rows(1)).Schema, file);
        return file.ToArray();
    }

    internal static ITransformer Load(byte[] file) => new MLContext().Model.Load(new MemoryStream(file), out _);

    internal static Exception LoadingFails(byte[] file)
    {
        var error = Assert.Throws<Exception>(() => Load(file));
        // ML.NET makes loaders by reflection, which wraps what they throw.
        while (error is TargetInvocationException or InvalidOperationException && error.InnerException is { } inner)
            error = inner;
        return error;
    }

    /// <summary>Rewrites the entry of a name; null deletes it.</summary>
    internal static byte[] Damage(byte[] file, string name, Func<byte[], byte[]?> damage)
    {
        using var zip = new ZipArchive(new MemoryStream(file));
        return DamageEntry(file, zip.Entries.Single(entry => entry.Name == name).FullName, damage);
    }

    internal static byte[] DamageEntry(byte[] file, string fullName, Func<byte[], byte[]?> damage)
    {
        var stream = new MemoryStream();
        stream.Write(file);
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            var entry = zip.GetEntry(fullName)!;
            using var content = new MemoryStream();
            using (var opened = entry.Open())
                opened.CopyTo(content);
            byte[]? damaged = damage(content.ToArray());
            entry.Delete();
            if (damaged is not null)
            {
                using var opened = zip.CreateEntry(fullName).Open();
                opened.Write(damaged);
            }
        }
        return stream.ToArray();
    }

    internal static void AssertSameOutput(IReadOnlyList<Generation> expected, IReadOnlyList<Generation> actual)
    {
        CollectionAssert.AreEqual(expected.Select(one => one.Text).ToArray(), actual.Select(one => one.Text).ToArray());
        CollectionAssert.AreEqual(expected.Select(one => one.Score).ToArray(), actual.Select(one => one.Score).ToArray());
    }

    /// <param name="tolerance">Of scores.</param>
    /// <param name="switchedOff">An environment variable that is set to 0 for the process.</param>
    internal static void AssertFreshProcess(ITransformer model, string column, double tolerance = 0, string? switchedOff = null)
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.zip");
        try
        {
            File.WriteAllBytes(path, Save(model));
            var view = model.Transform(_ml.Data.LoadFromEnumerable(_sources.Select(source => new Toy.Row { Source = source })));
            string[][] expected = [.. view.GetColumn<string>(column).Zip(view.GetColumn<float>("Score"),
                (text, score) => new[] { text, score.ToString("r", CultureInfo.InvariantCulture) })];
            string[][] actual = JsonSerializer.Deserialize<string[][]>(RunFreshProcess(path, column, switchedOff))!;
            Assert.HasCount(expected.Length, actual);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.AreEqual(expected[i][0], actual[i][0]);
                Assert.AreEqual(float.Parse(expected[i][1], CultureInfo.InvariantCulture), float.Parse(actual[i][1], CultureInfo.InvariantCulture), tolerance);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static string RunFreshProcess(string modelPath, string column, string? switchedOff)
    {
        using var process = FreshProcesses.Start([modelPath, column], switchedOff);
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(JsonSerializer.Serialize(_sources));
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, errors.Result);
        return output;
    }
}
