using System.Buffers.Binary;
using System.Text;
using Microsoft.ML.Seq2Seq.Training;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class TensorBoardTests
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"seq2seq-{Guid.NewGuid():n}");

    [TestCleanup]
    public void DeleteDirectory()
    {
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Check values of CRC-32C (RFC 3720, B.4), masked as TensorFlow's record format defines.</summary>
    [TestMethod]
    [DataRow((byte)0x00, 0x8A9136AAu)]
    [DataRow((byte)0xFF, 0x62A8AB43u)]
    public void ChecksumIsTheMaskedCrc32C(byte value, uint crc)
    {
        byte[] bytes = new byte[32];
        Array.Fill(bytes, value);
        Assert.AreEqual(((crc >> 15) | (crc << 17)) + 0xA282EAD8, TensorBoardWriter.MaskedChecksum(bytes));
    }

    [TestMethod]
    public void ARunIsWrittenInWholeRecords()
    {
        using var model = new BigramModel();
        using (var observer = new TensorBoardObserver(_directory, () => [new SamplePrediction("a|b", "c", "d\ne")]))
            Runs.Train(model, Runs.RandomPairs(20, 4), Runs.RandomPairs(5, 5),
                new TrainingOptions { TokensPerBatch = 50, MaxEpochs = 3 }, 1, null, observer);

        var records = Records(File.ReadAllBytes(Directory.GetFiles(_directory, "events.out.tfevents.*").Single()));
        Assert.Contains("brain.Event:2", records[0]);
        foreach (string tag in new[] { "training/loss", "training/learning_rate", "training/gradient_norm", "training/tokens_per_second" })
            Assert.HasCount(4, records.Where(record => record.Contains(tag, StringComparison.Ordinal)).ToArray(), tag); // the first step, three epochs
        Assert.HasCount(3, records.Where(record => record.Contains("validation/loss", StringComparison.Ordinal)).ToArray());
        Assert.Contains("| a\\|b | c | d e |", records.Last(record => record.Contains("validation/samples", StringComparison.Ordinal)));
    }

    /// <summary>The bytes of an event as the message definitions of TensorFlow (event.proto, summary.proto,
    /// tensor.proto) lay them out; the time, which comes first, is left out.</summary>
    [TestMethod]
    public void AScalarIsTheMessageOfItsDefinition()
    {
        using (var writer = new TensorBoardWriter(_directory))
            writer.Scalar("t", 1.5, step: 300);
        byte[] file = File.ReadAllBytes(Directory.GetFiles(_directory).Single());
        string last = Records(file)[^1];
        byte[] expected =
        [
            0x10, 0xAC, 0x02, // step 300
            0x2A, 0x20, // summary
            0x0A, 0x1E, // value
            0x0A, 0x01, (byte)'t', // tag
            0x4A, 0x0D, 0x0A, 0x09, 0x0A, 0x07, .. "scalars"u8, 0x20, 0x01, // metadata: plugin's name, class of data
            0x42, 0x0A, 0x08, 0x01, 0x12, 0x00, 0x2A, 0x04, 0x00, 0x00, 0xC0, 0x3F, // tensor: float, shape, 1.5
        ];
        Assert.AreEqual(Encoding.Latin1.GetString(expected), last[9..]);
    }

    private static List<string> Records(ReadOnlySpan<byte> file)
    {
        var records = new List<string>();
        while (file.Length > 0)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
            Assert.AreEqual(TensorBoardWriter.MaskedChecksum(file[..8]), BinaryPrimitives.ReadUInt32LittleEndian(file[8..]));
            var message = file.Slice(12, length);
            Assert.AreEqual(TensorBoardWriter.MaskedChecksum(message), BinaryPrimitives.ReadUInt32LittleEndian(file[(12 + length)..]));
            records.Add(Encoding.Latin1.GetString(message));
            file = file[(16 + length)..];
        }
        return records;
    }
}
