using global::Samples.Commands;

namespace Microsoft.ML.Seq2Seq.Tests.Samples;

[TestClass]
public sealed class PairFileTests
{
    private readonly string _path = Path.GetTempFileName();

    [TestCleanup]
    public void Cleanup() => File.Delete(_path);

    [TestMethod]
    [DataRow("\"quoted\" and \"more\"", "\"half")]
    [DataRow("say \"\"twice\"\"", "'single'")]
    [DataRow("// not a comment", "# nor this")]
    [DataRow("  spaces  ", " kept ")]
    [DataRow("a, b; c:1 2:3", "backslash \\t \\\" stays")]
    [DataRow("naïve 日本 🙂", "")]
    [DataRow("a carriage\rreturn", "\r\u2028\f\v")]
    public void TextsComeAsTheyStand(string source, string target)
    {
        File.WriteAllText(_path, $"first\tone\n{source}\t{target}\nlast\tone\n");

        TextPair pair = PairFile.Read(_path).ElementAt(1);

        Assert.AreEqual(source, pair.Source);
        Assert.AreEqual(target, pair.Target);
        Assert.AreEqual(3, PairFile.Check(_path));
    }

    [TestMethod]
    public void TextsReachMlNetAsTheyStand()
    {
        File.WriteAllText(_path, "\"a\" \"\tb\"\n// c\t d \n");
        MLContext ml = new();
        IDataView view = ml.Data.LoadFromEnumerable(PairFile.Read(_path));

        // Twice, since a trainer reads its rows more than once.
        for (int pass = 0; pass < 2; pass++)
        {
            TextPair[] pairs = [.. ml.Data.CreateEnumerable<TextPair>(view, reuseRowObject: false)];

            CollectionAssert.AreEqual(new[] { "\"a\" \"", "// c" }, pairs.Select(pair => pair.Source).ToArray());
            CollectionAssert.AreEqual(new[] { "b\"", " d " }, pairs.Select(pair => pair.Target).ToArray());
        }
    }

    [TestMethod]
    public void EmptyLinesCarriageReturnsAndAByteOrderMarkAreNoText()
    {
        File.WriteAllBytes(_path, [0xEF, 0xBB, 0xBF, .. "a\tb\r\n\r\nc\td"u8]);

        CollectionAssert.AreEqual(new[] { "a", "c" }, PairFile.Read(_path).Select(pair => pair.Source).ToArray());
        CollectionAssert.AreEqual(new[] { "b", "d" }, PairFile.Read(_path).Select(pair => pair.Target).ToArray());
    }

    [TestMethod]
    [DataRow("a\tb\nno tab\n", "line 2: 1 column found")]
    [DataRow("a\tb\tc\n", "line 1: 3 columns found")]
    [DataRow("", "has no rows")]
    [DataRow("\n\n", "has no rows")]
    public void ALineThatIsNoPairIsNamed(string text, string message)
    {
        File.WriteAllText(_path, text);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => PairFile.Check(_path));

        StringAssert.Contains(error.Message, message);
        StringAssert.Contains(error.Message, _path);
    }

    [TestMethod]
    public void AFileThatIsNotUtf8IsRefused()
    {
        File.WriteAllBytes(_path, [.. "a\tb\n"u8, 0x63, 0x09, 0xE9, 0x0A]);

        Assert.AreEqual($"{_path}, line 2: not UTF-8 text.", Assert.Throws<InvalidDataException>(() => PairFile.Check(_path)).Message);
    }
}
