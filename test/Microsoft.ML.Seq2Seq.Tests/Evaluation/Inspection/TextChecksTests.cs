using Microsoft.ML.Seq2Seq.Evaluation;

namespace Microsoft.ML.Seq2Seq.Tests.Evaluation.Inspection;

[TestClass]
public sealed class TextChecksTests
{
    [TestMethod]
    [DataRow("Two dogs, 3 cats", "Latin")]
    [DataRow("ˈæpəl ɪʃ", "Latin")]
    [DataRow("Καλημέρα κόσμε", "Greek")]
    [DataRow("Привет, world мир", "Cyrillic")]
    [DataRow("שלום עולם", "Hebrew")]
    [DataRow("مرحبا بالعالم", "Arabic")]
    [DataRow("नमस्ते दुनिया", "Devanagari")]
    [DataRow("你好，世界", "Chinese")]
    [DataRow("東京へ行きます", "Japanese")]
    [DataRow("안녕하세요 세계", "Korean")]
    [DataRow("สวัสดีชาวโลก", "Thai")]
    [DataRow("გამარჯობა", "Georgian")]
    [DataRow("\U00020000\U00020001", "Chinese")]
    [DataRow("123 !? 🙂", "None")]
    [DataRow("", "None")]
    [DataRow("ab вг", "None")]
    public void TheScriptIsThatOfMostLetters(string text, string script) => Assert.AreEqual(script, $"{Scripts.Of(text)}");

    [TestMethod]
    public void ChineseCharactersAreAtHomeInJapaneseAndKorean()
    {
        Assert.IsTrue(Scripts.IsAtHome(Script.Chinese, Script.Japanese));
        Assert.IsTrue(Scripts.IsAtHome(Script.Chinese, Script.Korean));
        Assert.IsFalse(Scripts.IsAtHome(Script.Japanese, Script.Chinese));
        Assert.IsFalse(Scripts.IsAtHome(Script.Latin, Script.Korean));
    }

    [TestMethod]
    [DataRow("a man and a man", 1, "")]
    [DataRow("very very good", 2, "very")]
    [DataRow("the dog the dog the dog runs", 3, "the dog")]
    [DataRow("one two three one two three", 2, "one two three")]
    [DataRow("no no no no", 4, "no")]
    [DataRow("我很好我很好我很好", 3, "我很好")]
    [DataRow("hahahaha", 4, "ha")]
    [DataRow("book", 1, "")]
    [DataRow("", 1, "")]
    public void RepeatsInARowAreCounted(string text, int times, string phrase) => Assert.AreEqual((times, phrase), Repetition.Most(text));

    [TestMethod]
    [DataRow("Schön, “gut”: 🙂 naïve façade\tÂme Ãber")]
    [DataRow("العربية 日本語")]
    [DataRow("R&D; stone & tile; AT&T;")]
    public void WholeTextIsNotDamaged(string text) => Assert.IsNull(TextDamage.Of(text));
}
