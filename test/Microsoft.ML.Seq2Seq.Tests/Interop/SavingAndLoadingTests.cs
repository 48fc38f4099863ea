using System.IO.Compression;
using System.Reflection;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Text;
using Row = Microsoft.ML.Seq2Seq.Tests.Interop.NotedCopyTransformer.Row;

namespace Microsoft.ML.Seq2Seq.Tests.Interop;

[TestClass]
public sealed class SavingAndLoadingTests
{
    private static readonly Row[] _rows = [new() { Text = "Hello" }, new() { Text = "WORLD" }];

    [TestMethod]
    public void ATransformerComesBackFromAModelFileOfItsOwn()
    {
        using MemoryStream file = Save(new NotedCopyTransformer("Text", "Copy", "déjà vu 🙂", [0, 255, 7]));

        NotedCopyTransformer loaded = (NotedCopyTransformer)new MLContext().Model.Load(file, out DataViewSchema schema);

        Assert.AreEqual("déjà vu 🙂", loaded.Note);
        CollectionAssert.AreEqual(new byte[] { 0, 255, 7 }, loaded.Payload);
        Assert.AreEqual("Text", schema.Single().Name);
        CollectionAssert.AreEqual(new[] { "Hello", "WORLD" }, Column(loaded, "Copy"));
    }

    [TestMethod]
    public void ANullStringComesBackAsNull()
    {
        using MemoryStream file = Save(new NotedCopyTransformer("Text", "Copy", note: null, []));

        Assert.IsNull(((NotedCopyTransformer)new MLContext().Model.Load(file, out _)).Note);
    }

    [TestMethod]
    public void ATransformerComesBackFromAChainWithStockStagesBeforeAndAfter()
    {
        MLContext ml = new(1);
        var chain = ml.Transforms.Text.NormalizeText("Lower", "Text", TextNormalizingEstimator.CaseMode.Lower)
            .Append(new NotedCopyEstimator("Lower", "Middle", "in a chain"))
            .Append(ml.Transforms.CopyColumns("Last", "Middle"));
        using MemoryStream file = Save(chain.Fit(Rows(ml)));

        ITransformer loaded = new MLContext().Model.Load(file, out _);

        CollectionAssert.AreEqual(new[] { "hello", "world" }, Column(loaded, "Last"));
        Assert.AreEqual("in a chain", ((IEnumerable<ITransformer>)loaded).OfType<NotedCopyTransformer>().Single().Note);
    }

    [TestMethod]
    public void TwoTransformersInAChainKeepTheirEntriesApart()
    {
        MLContext ml = new(1);
        using MemoryStream file = Save(
            new NotedCopyEstimator("Text", "A", "first").Append(new NotedCopyEstimator("A", "B", "second")).Fit(Rows(ml)));

        var loaded = (IEnumerable<ITransformer>)new MLContext().Model.Load(file, out _);

        CollectionAssert.AreEqual(new[] { "first", "second" }, loaded.Cast<NotedCopyTransformer>().Select(t => t.Note).ToArray());
    }

    [TestMethod]
    public void TheEntryLiesInTheModelsOwnFolderOfTheZip()
    {
        using MemoryStream file = Save(new NotedCopyTransformer("Text", "Copy", null, [42]));

        using ZipArchive zip = new(file);

        Assert.AreEqual("TransformerChain/payload.bin", zip.Entries.Single(e => e.Name == "payload.bin").FullName);
    }

    [TestMethod]
    public void AMissingEntryIsNamed()
    {
        using MemoryStream file = Save(new NotedCopyTransformer("Text", "Copy", null, [42]));
        using (ZipArchive zip = new(file, ZipArchiveMode.Update, leaveOpen: true))
            zip.Entries.Single(e => e.Name == "payload.bin").Delete();

        StringAssert.Contains(LoadingFails<InvalidDataException>(file).Message, "payload.bin");
    }

    [TestMethod]
    public void ASingleFlippedBitInAnEntryIsNoticedAndTheEntryNamed()
    {
        byte[] payload = new byte[4096];
        new Random(1).NextBytes(payload);
        using MemoryStream file = Save(new NotedCopyTransformer("Text", "Copy", null, payload));
        byte[] bytes = file.ToArray();
        int at = bytes.AsSpan().IndexOf(payload.AsSpan(1000, 16));
        Assert.AreNotEqual(-1, at, "Random bytes do not compress and should stand in the zip as they are.");
        bytes[at] ^= 0x10;

        StringAssert.Contains(LoadingFails<InvalidDataException>(new MemoryStream(bytes)).Message, "payload.bin");
    }

    [TestMethod]
    public void AnEntryThatCannotBeUnpackedIsNamed()
    {
        using MemoryStream file = Save(new NotedCopyTransformer("Text", "Copy", null, new byte[4096]));
        byte[] bytes = file.ToArray();
        int at = bytes.AsSpan().IndexOf("payload.bin"u8) + "payload.bin".Length;
        bytes.AsSpan(at, 8).Fill(0xFF);

        StringAssert.Contains(LoadingFails<InvalidDataException>(new MemoryStream(bytes)).Message, "payload.bin");
    }

    [TestMethod]
    public void ALengthThatTheFileDoesNotJustifyIsNotBelieved()
    {
        using MemoryStream file = Save(new NotedCopyTransformer("Text", "Copy", null, [42]));
        byte[] bytes = file.ToArray();
        ReadOnlySpan<byte> name = "TransformerChain/payload.bin"u8;
        int record = bytes.AsSpan().LastIndexOf(name) - 46; // of the zip's directory
        Assert.AreEqual(1, bytes[record + 24], "the length");
        bytes[record + 24 + 3] = 0x70;

        long before = GC.GetAllocatedBytesForCurrentThread();
        StringAssert.Contains(LoadingFails<InvalidDataException>(new MemoryStream(bytes)).Message, "payload.bin");

        Assert.IsLessThan(100 << 20, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void AModelOfAnotherKindIsRefused()
    {
        using MemoryStream file = Save(new NotedCopyTransformer("Text", "Copy", null, [42]));
        byte[] bytes = Replace(file, "Model.key", "NOTEDCPY"u8, "OTHERCPY"u8);

        Assert.IsNotNull(LoadingFails<FormatException>(new MemoryStream(bytes)));
    }

    private static MemoryStream Save(ITransformer model)
    {
        MLContext ml = new();
        MemoryStream file = new();
        ml.Model.Save(model, Rows(ml).Schema, file);
        file.Position = 0;
        return file;
    }

    private static TException LoadingFails<TException>(Stream file)
        where TException : Exception
    {
        // ML.NET makes loaders by reflection, which wraps what they throw.
        Exception error = Assert.Throws<Exception>(() => new MLContext().Model.Load(file, out _));
        while (error is TargetInvocationException or InvalidOperationException && error.InnerException is { } inner)
            error = inner;
        return Assert.IsInstanceOfType<TException>(error);
    }

    private static byte[] Replace(MemoryStream file, string entry, ReadOnlySpan<byte> what, ReadOnlySpan<byte> by)
    {
        using (ZipArchive zip = new(file, ZipArchiveMode.Update, leaveOpen: true))
        {
            foreach (ZipArchiveEntry model in zip.Entries.Where(e => e.Name == entry))
            {
                using Stream stream = model.Open();
                byte[] bytes = new byte[stream.Length];
                stream.ReadExactly(bytes);
                int at = bytes.AsSpan().IndexOf(what);
                if (at < 0)
                    continue;
                by.CopyTo(bytes.AsSpan(at));
                stream.Position = 0;
                stream.Write(bytes);
            }
        }
        return file.ToArray();
    }

    private static IDataView Rows(MLContext ml) => ml.Data.LoadFromEnumerable(_rows);

    private static string[] Column(ITransformer model, string column)
    {
        MLContext ml = new();
        return [.. model.Transform(Rows(ml)).GetColumn<string>(column)];
    }
}
