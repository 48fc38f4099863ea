using System.Text.RegularExpressions;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

[TestClass]
public sealed class WordPatternTests
{
    [TestMethod]
    public void WhereAMatchTakesTooLongTheRestIsAWord()
    {
        var pattern = new WordPattern(new Regex(@" |(?:x|xx)+\d", RegexOptions.None, TimeSpan.FromSeconds(1)), KeepsRest: true);
        string slow = new('x', 60);
        CollectionAssert.AreEqual(new[] { (0, 1), (1, 1), (2, slow.Length) }, pattern.Split("a " + slow).ToArray());
    }

    [TestMethod]
    [DataRow("a1b ", true, "a|1|b ")]
    [DataRow("1a", true, "1|a")]
    [DataRow("a1b", false, "1")]
    [DataRow("", true, "")]
    public void WhatIsBetweenMatchesIsKeptOrLeftOut(string text, bool keepsRest, string words) =>
        Assert.AreEqual(words, string.Join('|', new WordPattern(new Regex(@"\d|(?=\d)"), keepsRest).Split(text).Select(word => text.Substring(word.Offset, word.Length))));
}
