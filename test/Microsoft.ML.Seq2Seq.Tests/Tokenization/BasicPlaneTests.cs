using System.Globalization;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

[TestClass]
public sealed class BasicPlaneTests
{
    [TestMethod]
    public void CategoriesAreKept()
    {
        string text = string.Concat(Enumerable.Range(0x10000, 0x100000).Select(char.ConvertFromUtf32));
        string folded = BasicPlane.Fold(text, out int[]? offsets);
        Assert.AreEqual(0x100000, folded.Length);
        for (int i = 0; i < folded.Length; i++)
        {
            if (char.GetUnicodeCategory(folded[i]) != CharUnicodeInfo.GetUnicodeCategory(i + 0x10000) || offsets![i] != 2 * i)
                Assert.Fail($"U+{i + 0x10000:X} became U+{(int)folded[i]:X4} at {offsets![i]}");
        }
    }

    [TestMethod]
    public void OffsetsAreThoseOfTheText()
    {
        Assert.AreSame("abc", BasicPlane.Fold("abc", out int[]? none));
        Assert.IsNull(none);
        string folded = BasicPlane.Fold("a😀\uD83Db\uDE00", out int[]? offsets);
        Assert.AreEqual("a\uA490\uD83Db\uDE00", folded);
        CollectionAssert.AreEqual(new[] { 0, 1, 3, 4, 5, 6 }, offsets![..(folded.Length + 1)]);
    }
}
