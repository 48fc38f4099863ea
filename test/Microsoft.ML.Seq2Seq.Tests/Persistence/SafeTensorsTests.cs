using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Persistence;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Persistence;

[TestClass]
public sealed class SafeTensorsTests
{
    [TestMethod]
    public void ATensorMayBeLongerThanASpan()
    {
        using var tensor = torch.empty((1L << 31) + 5, ScalarType.Int8); // never touched, so that it takes no memory
        using var counted = new CountingStream();
        SafeTensors.Content("long", tensor).Write(counted);
        Assert.AreEqual((1L << 31) + 5, counted.Position);
    }

    [TestMethod]
    public void TensorsOfEveryTypeAndShapeComeBack()
    {
        using var scope = NewDisposeScope();
        (string, Tensor)[] tensors =
        [
            ("float", torch.randn(2, 3)),
            ("scalar", torch.tensor(4.5)),
            ("half", torch.randn(5).to(ScalarType.BFloat16)),
            ("ids", torch.tensor(new long[] { 1, -2 })),
            ("bytes", torch.tensor(new byte[] { 1, 2, 3 })),
            ("none", torch.empty(0, 4)),
            ("transposed", torch.randn(2, 3).t()),
        ];
        using var stream = new MemoryStream();
        SafeTensors.Write(stream, tensors);
        stream.Position = 0;

        var read = SafeTensors.Read(stream);

        CollectionAssert.AreEquivalent(tensors.Select(tensor => tensor.Item1).ToArray(), read.Keys);
        foreach (var (name, tensor) in tensors)
        {
            Assert.AreEqual(tensor.dtype, read[name].dtype);
            CollectionAssert.AreEqual(tensor.shape, read[name].shape);
            CollectionAssert.AreEqual(tensor.contiguous().bytes.ToArray(), read[name].bytes.ToArray());
            read[name].Dispose();
        }
    }

    [TestMethod]
    public void TheLayoutIsThatOfTheFormat()
    {
        using var tensor = torch.tensor(new float[] { 1, 2 });
        using var stream = new MemoryStream();
        SafeTensors.Write(stream, [("w", tensor)]);
        byte[] bytes = stream.ToArray();

        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        using var header = JsonDocument.Parse(Encoding.UTF8.GetString(bytes, 8, length));
        Assert.AreEqual("""{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", header.RootElement.GetProperty("w").GetRawText());
        Assert.AreEqual(0, (8 + length) % 8);
        Assert.AreEqual(2f, BitConverter.ToSingle(bytes, 8 + length + 4));
    }

    [TestMethod]
    [DataRow("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "'w'")]
    [DataRow("""{"w":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}""", "F99")]
    [DataRow("""{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "negative")]
    [DataRow("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "short")]
    [DataRow("""{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}""", "short")]
    [DataRow("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "follow")]
    [DataRow("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "twice")]
    [DataRow("""{"w":{"shape":[2]}}""", "header")]
    [DataRow("""{"w":7}""", "header")]
    [DataRow("""[1,2,3""", "header")]
    public void AWrongHeaderIsRefused(string header, string message)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] file = [.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[8]];

        StringAssert.Contains(Assert.Throws<InvalidDataException>(() => SafeTensors.Read(new MemoryStream(file))).Message, message);
    }

    [TestMethod]
    public void AnAbsurdHeaderLengthIsRefused()
    {
        foreach (long length in new[] { -1, 0, long.MaxValue, 1000 })
            Assert.Throws<InvalidDataException>(() => SafeTensors.Read(new MemoryStream([.. BitConverter.GetBytes(length), 1, 2, 3])));
        Assert.Throws<InvalidDataException>(() => SafeTensors.Read(new MemoryStream([1, 2])));
    }

    [TestMethod]
    public void WeightsOfAnotherArchitectureAreRefusedByName()
    {
        var small = TinyModels.Architecture();
        var deeper = TinyModels.Architecture(a => a.DecoderLayers = 3);

        StringAssert.Contains(Refused(small, deeper), "decoder.2");
        StringAssert.Contains(Refused(deeper, small), "decoder.2");
        StringAssert.Contains(Refused(small, small, vocabulary: 14), "source_embedding");

        static string Refused(TransformerArchitecture from, TransformerArchitecture to, int vocabulary = 13)
        {
            using var model = TinyModels.Create(from);
            using var stream = new MemoryStream();
            SafeTensors.Write(stream, Weights.Contents(model));
            stream.Position = 0;
            return Assert.Throws<InvalidDataException>(() => Weights.Read<nn.Module>(
                stream, TransformerWeights.Of(to, vocabulary, vocabulary), () => throw new AssertFailedException("A model was made."))).Message;
        }
    }

    [TestMethod]
    public void OfEndlessWeightsNoneIsMadeThatTheFileDoesNotHold()
    {
        using var model = TinyModels.Create();
        var endless = TransformerWeights.Of(TinyModels.Architecture(), 13, 13)
            .Concat(Enumerable.Range(0, int.MaxValue).Select(i => ($"more.{i}", new long[] { 1 })));
        using var stream = new MemoryStream();
        SafeTensors.Write(stream, Weights.Contents(model));
        stream.Position = 0;

        var error = Assert.Throws<InvalidDataException>(() => StoredWeights.Read(stream, endless, InferencePrecision.Float32));

        StringAssert.Contains(error.Message, "'more.0' is missing");
    }

    private sealed class CountingStream : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => Position;

        public override long Position { get; set; }

        public override void Write(byte[] buffer, int offset, int count) => Position += count;

        public override void Write(ReadOnlySpan<byte> buffer) => Position += buffer.Length;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
