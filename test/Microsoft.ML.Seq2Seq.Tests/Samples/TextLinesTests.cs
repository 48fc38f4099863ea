using System.Text;
using global::Samples.Commands;

namespace Microsoft.ML.Seq2Seq.Tests.Samples;

[TestClass]
public sealed class TextLinesTests
{
    [TestMethod]
    [DataRow("")]
    [DataRow("\n", "")]
    [DataRow("a\rb\nc\n", "a\rb", "c")]
    [DataRow("a\r\n\r\nb\r\r\n", "a", "", "b\r")]
    [DataRow("\uFEFFfirst\n\uFEFFsecond", "first", "\uFEFFsecond")]
    [DataRow("a\u2028b\u0085c\fd\0\n🙂", "a\u2028b\u0085c\fd\0", "🙂")]
    public void ALineEndsAtALineFeedAlone(string text, params string[] lines)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);

        CollectionAssert.AreEqual(lines, TextLines.Read(new MemoryStream(bytes), "text").ToArray());
        CollectionAssert.AreEqual(lines, TextLines.Read(new SlowStream(bytes), "text").ToArray(), "byte by byte");
    }

    [TestMethod]
    public void LinesMayBeLongerThanWhatIsReadAtOnce()
    {
        string[] lines = [new('x', 200_000), "", new('ü', 100_000)];

        CollectionAssert.AreEqual(lines, TextLines.Read(new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines))), "text").ToArray());
    }

    [TestMethod]
    public void ALineThatIsNotUtf8IsNamedAndThoseBeforeItAreRead()
    {
        using IEnumerator<string> lines = TextLines.Read(new MemoryStream([.. "good\n"u8, 0xE9, (byte)'\n']), "Standard input").GetEnumerator();

        Assert.IsTrue(lines.MoveNext());
        Assert.AreEqual("good", lines.Current);
        Assert.AreEqual("Standard input, line 2: not UTF-8 text.", Assert.Throws<InvalidDataException>(() => lines.MoveNext()).Message);
    }

    /// <summary>Gives a byte at a time, as a pipe may.</summary>
    private sealed class SlowStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..1]);
    }
}
