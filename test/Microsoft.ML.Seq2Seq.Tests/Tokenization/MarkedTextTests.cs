using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

/// <summary>Where words end.</summary>
[TestClass]
public sealed class MarkedTextTests
{
    [TestMethod]
    [DataRow("Hello world", "▁Hello ▁world")]
    [DataRow("It's 8 am.", "▁It's ▁8 ▁am .")]
    [DataRow("l’eau 'x' don'", "▁l’eau ▁' x ' ▁don '")]
    [DataRow("3/3/26 (US)", "▁3 / 3 / 2 6 ▁( US )")]
    [DataRow("v2beta", "▁v 2 beta")]
    [DataRow("...!? wait", "▁...!? ▁wait")]
    [DataRow("2026年3月3日", "▁2 0 2 6 年 3 月 3 日")]
    [DataRow("٣ مارس", "▁٣ ▁مارس")]
    [DataRow("วันอังคารที่ 3", "▁วันอังคารที่ ▁3")]
    [DataRow("मार्च।", "▁मार्च ।")]
    [DataRow("می\u200Cخواهم", "▁می\u200Cخواهم")]
    [DataRow("👍🏽👨‍👩‍👧 1️⃣", "▁👍🏽👨‍👩‍👧 ▁1️⃣")]
    [DataRow("a  b", "▁a ▁ ▁b")]
    [DataRow("    x", "▁▁▁▁ ▁x")]
    [DataRow("x  ", "▁x ▁▁")]
    [DataRow(" ", "▁▁")]
    [DataRow("a\n\tb", "▁a \n\t b")]
    [DataRow("\u0301a", "▁\u0301 a")]
    public void WordsEndWhereClassesMeet(string text, string marked)
        => Assert.AreEqual(marked, MarkedText.Mark(text, null, singleSymbols: false));

    [TestMethod]
    public void SymbolsCanBeSingle() => Assert.AreEqual("▁( \" x . . .", MarkedText.Mark("(\"x...", null, singleSymbols: true));

    [TestMethod]
    public void WhatIsOutsideTheAlphabetIsSpelledInBytes()
    {
        var alphabet = new Alphabet("abc▁".Select(c => (int)c));
        Assert.IsTrue("▁a\uDCC3\uDCA9b \uDCE2\uDC96\uDC81 c"
            .Equals(MarkedText.Mark("aéb▁c", alphabet, singleSymbols: false), StringComparison.Ordinal));
    }

    [TestMethod]
    [DataRow("a", 1000)]
    [DataRow(" ", 1000)]
    [DataRow("😀", 500)]
    [DataRow("\u0301", 1000)]
    public void LongWordsAreCut(string character, int times)
    {
        string text = string.Concat(Enumerable.Repeat(character, times));
        string[] words = MarkedText.Mark(text, null, singleSymbols: false).Split(' ');
        Assert.IsTrue(words.All(word => word.Length <= MarkedText.MaximumWord && Utf16.IsWellFormed(word)));
        Assert.IsLessThan(12, words.Length);
        Assert.AreEqual(text, string.Concat(words)[1..].Replace(MarkedText.Space, ' '));
    }
}
