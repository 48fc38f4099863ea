using System.Text;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Tests.Tokenization;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

/// <summary>A token is banned if and only if the text with it holds a phrase: by brute force.</summary>
[TestClass]
public sealed class PhraseFilterTests
{
    /// <summary>The same at the start of a text as later.</summary>
    internal static TokenTexts TextsOf(params string[] texts)
    {
        PieceText[] pieces = [.. texts.Select(text => new PieceText(text))];
        return new TokenTexts(pieces, pieces);
    }

    [TestMethod]
    public void SmallVocabulariesOfManySpellings()
    {
        string[] texts = ["", "", "", "?", "a", "b", "c", "ab", "ba", "abc", "aa", "bab", " a", "ca"];
        var random = new Random(1);
        for (int round = 0; round < 200; round++)
        {
            string[] phrases = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ =>
                string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => "abc "[random.Next(4)])))];
            var filter = new PhraseFilter(phrases, TextsOf(texts));
            AssertFollows(filter, phrases, texts.Length, random, 12, tokens => string.Concat(tokens.Select(token => texts[token])));
        }
    }

    [TestMethod]
    [DataRow(SubwordKind.BytePairEncoding)]
    [DataRow(SubwordKind.Character)]
    [DataRow(SubwordKind.Word)]
    [DataRow(SubwordKind.Whitespace)]
    public void TokensOfEveryKindOfVocabulary(SubwordKind kind)
    {
        var tokenizer = Texts.Learn(kind);
        var texts = TokenTexts.Of(tokenizer);
        var random = new Random(2);
        for (int round = 0; round < 30; round++)
        {
            // Cut out of texts that the vocabulary writes, so that they do occur.
            string[] phrases = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Phrase(tokenizer, random))];
            AssertFollows(new PhraseFilter(phrases, texts), phrases, tokenizer.VocabularySize, random, 8, tokens => tokenizer.Decode(tokens));
        }

        static string Phrase(SubwordTokenizer tokenizer, Random random)
        {
            while (true)
            {
                string text = tokenizer.Decode([.. Enumerable.Range(0, 4).Select(_ => random.Next(SpecialTokens.FirstText, tokenizer.VocabularySize))]);
                int start = random.Next(text.Length), length = Math.Min(random.Next(1, 5), text.Length - start);
                if (length > 0 && !text.Substring(start, length).Contains(SpecialTokens.Replacement))
                    return text.Substring(start, length);
            }
        }
    }

    [TestMethod]
    public void APhraseSpelledInBytesIsFound()
    {
        var tokenizer = Texts.Learn();
        string[] phrases = ["ß", "🙂!", "the", "\ud83d", "e日"];
        var filter = new PhraseFilter(phrases, TokenTexts.Of(tokenizer));
        foreach (string phrase in phrases)
        {
            // The bytes of the phrase, with surrogates as three of them each, as the vocabulary spells half a pair.
            byte[] bytes = phrase == "\ud83d" ? [0xED, 0xA0, 0xBD] : Encoding.UTF8.GetBytes(phrase);
            int[] tokens = [.. bytes.Select(value => SpecialTokens.FirstText + value)];
            Assert.AreEqual(phrase, tokenizer.Decode(tokens));
            Assert.IsTrue(Banned(filter, tokens[..^1], tokenizer.VocabularySize)[tokens[^1]], phrase);
            // And not where they are broken off.
            int[] broken = [.. tokens[..^1], tokens[0], tokens[^1]];
            Assert.AreEqual(tokenizer.Decode(broken).Contains(phrase, StringComparison.Ordinal),
                Banned(filter, broken[..^1], tokenizer.VocabularySize)[broken[^1]], phrase);
        }
    }

    [TestMethod]
    public void ThousandsOfPhrasesAreLookedUpAtOnce()
    {
        var tokenizer = Texts.Learn();
        var random = new Random(3);
        string[] phrases = [.. Enumerable.Range(0, 20_000).Select(_ =>
            string.Concat(Enumerable.Range(0, 12).Select(_ => (char)random.Next('a', 'z' + 1))))];
        var filter = new PhraseFilter(phrases, TokenTexts.Of(tokenizer));

        foreach (string phrase in phrases[..50])
        {
            int[] tokens = tokenizer.Encode("x " + phrase);
            Assert.IsTrue(Banned(filter, tokens[..^1], tokenizer.VocabularySize)[tokens[^1]]);
        }
    }

    /// <summary>Walks at random, never into a phrase.</summary>
    private static void AssertFollows(
        PhraseFilter filter, string[] phrases, int vocabulary, Random random, int length, Func<int[], string> text)
    {
        int[] written = [];
        while (written.Length < length)
        {
            bool[] banned = Banned(filter, written, vocabulary);
            for (int token = SpecialTokens.End; token < vocabulary; token++)
            {
                string with = text([.. written, token]);
                Assert.AreEqual(phrases.Any(phrase => with.Contains(phrase, StringComparison.Ordinal)), banned[token],
                    $"\"{with}\" after [{string.Join(", ", written)}], phrases: {string.Join(" | ", phrases)}");
            }
            int[] open = [.. Enumerable.Range(SpecialTokens.Unknown, vocabulary - SpecialTokens.Unknown).Where(token => !banned[token])];
            if (open.Length == 0)
                return;
            written = [.. written, open[random.Next(open.Length)]];
        }
    }

    private static bool[] Banned(PhraseFilter filter, int[] written, int vocabulary)
    {
        var next = new NextTokens(new float[vocabulary], new float[LogitBlock.Count(vocabulary)]);
        filter.Apply(written, ref next);
        var banned = new bool[vocabulary];
        for (int token = 0; token < vocabulary; token++)
            banned[token] = next[token] == float.NegativeInfinity;
        return banned;
    }
}
