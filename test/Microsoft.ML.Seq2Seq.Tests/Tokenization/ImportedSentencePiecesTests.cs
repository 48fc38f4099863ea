using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

/// <summary>SentencePiece models encode as SentencePiece does.</summary>
[TestClass]
public sealed class ImportedSentencePiecesTests
{
    [TestMethod]
    [DataRow(nameof(SentencePieceModels.BytePairs))]
    [DataRow(nameof(SentencePieceModels.NormalizedBytePairs))]
    [DataRow(nameof(SentencePieceModels.Unigram))]
    [DataRow(nameof(SentencePieceModels.UnigramWithBytes))]
    public void PiecesEqualSentencePieces(string name)
    {
        var (model, expected) = SentencePieceModels.Of(name);
        var tokenizer = Open(model);
        foreach (var vocabulary in new[] { tokenizer, Texts.SavedAndLoaded(tokenizer) })
        {
            foreach (var (text, pieces) in expected)
                Assert.AreEqual(pieces, string.Join(' ', vocabulary.Encode(text).Select(vocabulary.Token)), text);
        }
    }

    /// <summary>The two agree on texts of plain words; for others see <see cref="SentencePieceNormalization"/>. Of unigram
    /// models with byte fallback Microsoft.ML.Tokenizers 2.0 can't encode any unknown character.</summary>
    [TestMethod]
    [DataRow(nameof(SentencePieceModels.BytePairs))]
    [DataRow(nameof(SentencePieceModels.NormalizedBytePairs))]
    [DataRow(nameof(SentencePieceModels.Unigram))]
    public void IdsEqualThoseOfMicrosoftMLTokenizers(string name)
    {
        byte[] model = SentencePieceModels.Of(name).Model;
        var reference = SentencePieceTokenizer.Create(new MemoryStream(model), addBeginningOfSentence: false);
        var tokenizer = Open(model);
        var file = SentencePieceFile.Read(model);
        int[] numbers = [.. Enumerable.Range(0, file.Pieces.Count).Where(i =>
            file.Pieces[i].Type is SentencePieceType.Normal or SentencePieceType.Byte or SentencePieceType.Unused)];
        foreach (string text in new[] { "the cat sat on the mat", "der Hund läuft über die Straße", "a dog and a cat run over the street", "die Katze" })
            CollectionAssert.AreEqual(reference.EncodeToIds(text).ToArray(), tokenizer.Encode(text).Select(id => numbers[id - SpecialTokens.FirstText]).ToArray());
    }

    [TestMethod]
    public void AModelThatChangesNothingGivesBackAnyWellFormedText()
    {
        var tokenizer = Open(SentencePieceModels.BytePairs);
        foreach (string text in Texts.Awkward.Concat(Texts.Random(seed: 20, count: 1000)).Where(text => Utf16.IsWellFormed(text)))
            Assert.AreEqual(text.Replace('▁', ' '), tokenizer.Decode(tokenizer.Encode(text)));
    }

    [TestMethod]
    [DataRow(nameof(SentencePieceModels.BytePairs))]
    [DataRow(nameof(SentencePieceModels.NormalizedBytePairs))]
    [DataRow(nameof(SentencePieceModels.Unigram))]
    [DataRow(nameof(SentencePieceModels.UnigramWithBytes))]
    public void AnyTextAndAnyIdsAreServed(string name)
    {
        var tokenizer = Open(SentencePieceModels.Of(name).Model, "{name}");
        var random = new Random(21);
        foreach (string text in Texts.Awkward.Concat(Texts.Random(seed: 21, count: 300)).Select(text => text.Replace("▁", "")))
        {
            int[] ids = tokenizer.Encode(text + "{name}" + text);
            Assert.Contains(tokenizer.VocabularySize - 1, ids);
            Assert.IsTrue(ids.All(id => id >= SpecialTokens.Unknown && id < tokenizer.VocabularySize));
            // What was normalised stays as it is, from then on; an unknown character is lost.
            string once = tokenizer.Decode(ids);
            Assert.AreEqual(once, tokenizer.Decode(tokenizer.Encode(once)));
            int[] any = [.. Enumerable.Range(0, 20).Select(_ => random.Next(-1, tokenizer.VocabularySize + 1))];
            Assert.IsNotNull(tokenizer.Decode(any));
        }
    }

    [TestMethod]
    public void SymbolsOfFileAndUserAreOneTokenEach()
    {
        var tokenizer = Texts.SavedAndLoaded(Open(SentencePieceModels.NormalizedBytePairs, "{name}", "<sep>"));
        Assert.StartsWith(tokenizer.Prepare("  the"), tokenizer.Prepare("the cat"));
        Assert.AreEqual(2, tokenizer.Symbols.Count);
        Assert.AreEqual("▁the ▁ <sep> {name} c at", string.Join(' ', tokenizer.Encode("the <sep>{name}cat").Select(tokenizer.Token)));
        Assert.AreEqual("the <sep>{name}cat", tokenizer.Decode(tokenizer.Encode("the <sep>{name}cat")));
    }

    [TestMethod]
    public void ControlTokensHaveNoIdsAndTheirSpellingIsText()
    {
        var tokenizer = Open(SentencePieceModels.BytePairs);
        Assert.AreEqual(327 + SpecialTokens.FirstText, tokenizer.VocabularySize);
        Assert.AreEqual("<s></s><unk>", tokenizer.Decode(tokenizer.Encode("<s></s><unk>")));
        Assert.IsTrue(tokenizer.Encode("<s></s><unk>").All(id => id >= SpecialTokens.FirstText));
    }

    [TestMethod]
    public void AnyDamageIsNamedOrHarmless()
    {
        byte[] model = SentencePieceModels.NormalizedBytePairs;
        var random = new Random(22);
        for (int round = 0; round < 2000; round++)
        {
            byte[] damaged = round < 200 ? model[..random.Next(model.Length)] : [.. model];
            if (round >= 200)
                damaged[random.Next(damaged.Length)] ^= (byte)random.Next(1, 256);
            try
            {
                var tokenizer = Open(damaged);
                Assert.IsNotNull(tokenizer.Decode(tokenizer.Encode("Ａ the\tcat <sep> x")));
            }
            catch (InvalidDataException error)
            {
                Assert.StartsWith("The vocabulary file 'tokenizer.model' can't be imported: ", error.Message);
            }
        }
    }

    private static SubwordTokenizer Open(byte[] model, params string[] symbols) =>
        new ImportedFiles([("tokenizer.model", model)]).Open(default, symbols);
}
