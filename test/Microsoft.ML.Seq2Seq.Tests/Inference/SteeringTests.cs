using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq.Tests.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Inference;

/// <summary>Decoding options whose texts reach the search as tokens, and outputs beside the text.</summary>
[TestClass]
public sealed class SteeringTests
{
    private static readonly MLContext _ml = new(1);

    [TestMethod]
    public void OnlyAllowedTargetsAreWritten()
    {
        string[] allowed = ["ABC", "ABD", "FFFF", "E"];
        var options = new DecodingOptions { AllowedTargets = allowed };

        Assert.AreEqual("ABC", Toy.Model.Generate("abc", options).Text);
        Assert.AreEqual("E", Toy.Model.Generate("e", options).Text);
        foreach (var generation in Toy.Model.Generate(Toy.Rows(30, seed: 8).Select(row => row.Source!), options))
            CollectionAssert.Contains(allowed, generation.Text);
    }

    [TestMethod]
    [DataRow(SubwordKind.BytePairEncoding, true, TextNormalization.Nfkc)]
    [DataRow(SubwordKind.Character, true, TextNormalization.None)]
    [DataRow(SubwordKind.Whitespace, false, TextNormalization.None)]
    public async Task AllowedTargetsAreWrittenAsTheyAreGiven(SubwordKind kind, bool lowercase, TextNormalization normalization)
    {
        using var model = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options => options.Tokenization = new SubwordOptions
        {
            Kind = kind,
            Lowercase = lowercase,
            Normalization = normalization,
            VocabularySize = 300,
        })).Fit(Toy.View(Toy.Rows(50)));
        string[] allowed = ["New York", "NEW YORK", "№ 5 🙂", "№ 5 🙃", "ＡＢＣ", "new delhi "];
        var options = new DecodingOptions { AllowedTargets = allowed, NumberOfHypotheses = 4 };
        var generation = model.Generate("abc", options);

        CollectionAssert.IsSubsetOf(generation.Hypotheses.Select(hypothesis => hypothesis.Text).ToArray(), allowed);
        CollectionAssert.AllItemsAreUnique(generation.Hypotheses.Select(hypothesis => hypothesis.Text).ToArray());
        var pieces = new List<string>();
        await foreach (string piece in model.GenerateStreaming("abc", options))
            pieces.Add(piece);
        Assert.AreEqual(generation.Text, string.Concat(pieces));
    }

    [TestMethod]
    public void ABeginningChoosesAmongAllowedTargetsHoweverItIsCut()
    {
        // "AB" may be one token, and "A" another.
        using var trained = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options => options.Tokenization = new SubwordOptions
        {
            VocabularySize = 300,
            Lowercase = true,
        })).Fit(Toy.View(Enumerable.Repeat(new Toy.Row { Source = "newton newt", Target = "Newton" }, 20)));
        using var model = trained.WithDecoding(new DecodingOptions { PrefixColumnName = "Prefix", AllowedTargets = ["York", "Newton", "New", "Zoo"] });
        PrefixedRow[] rows = [.. new[] { "Newto", "newton", "Newtons", "Z", "New", "", null }.Select(prefix => new PrefixedRow { Source = "newt", Prefix = prefix })];
        string[] texts = Toy.Texts(model.Transform(_ml.Data.LoadFromEnumerable(rows)));

        CollectionAssert.AreEqual(new[] { "Newton", "Newton", "", "Zoo" }, texts[..4]);
        CollectionAssert.Contains(new[] { "New", "Newton" }, texts[4]);
        Assert.AreEqual(texts[5], texts[6]);
        Assert.AreNotEqual("", texts[5]);
    }

    [TestMethod]
    public void ABannedPhraseIsNotWritten()
    {
        string[] sources = ["abc", "abcf", "f", "bcbc"];
        foreach (string[] phrases in new[] { ["BC", "F"], ["ABC"], new[] { "ABC", "C", "BB" } })
        {
            var options = new DecodingOptions { BannedPhrases = phrases, NumberOfHypotheses = 4 };
            foreach (var hypothesis in Toy.Model.Generate(sources, options).SelectMany(generation => generation.Hypotheses))
                Assert.IsFalse(phrases.Any(hypothesis.Text.Contains), hypothesis.Text);
        }
        Assert.AreEqual("ABC", Toy.Model.Generate("abc", new DecodingOptions { BannedPhrases = ["abc", "ABCA"] }).Text, "case as given");
    }

    [TestMethod]
    public void APrefixColumnForcesHowARowBegins()
    {
        PrefixedRow[] rows =
        [
            new() { Source = "abc", Prefix = "F" },
            new() { Source = "abc", Prefix = "" },
            new() { Source = "abc", Prefix = null },
            new() { Source = "", Prefix = "F" },
        ];
        using var model = Toy.Model.WithDecoding(new DecodingOptions { PrefixColumnName = "Prefix" });
        string[] texts = Toy.Texts(model.Transform(_ml.Data.LoadFromEnumerable(rows)));

        StringAssert.StartsWith(texts[0], "F");
        Assert.AreEqual("ABC", texts[1]);
        Assert.AreEqual("ABC", texts[2]);
        Assert.AreEqual("", texts[3]);
        using var engine = _ml.Model.CreatePredictionEngine<PrefixedRow, Toy.Prediction>(model);
        for (int i = 0; i < rows.Length; i++)
            Assert.AreEqual(texts[i], engine.Predict(rows[i]).PredictedTarget);
        StringAssert.Contains(
            Assert.Throws<ArgumentOutOfRangeException>(() => model.Transform(Toy.View(Toy.Rows(1)))).Message, "'Prefix'");
    }

    [TestMethod]
    public void TokenScoresAddUpToTheLogProbability()
    {
        var generation = Toy.Model.Generate("fade", new DecodingOptions { LengthPenalty = 0 });

        Assert.HasCount(generation.Tokens.Count + 1, generation.TokenScores);
        Assert.AreEqual(generation.Score, generation.TokenScores.Sum(), 1e-4);
        Assert.AreEqual(generation.Text, string.Concat(generation.Tokens));
    }

    [TestMethod]
    public void TheAlignmentIsThatOfAHeadOrTheMeanOfAll()
    {
        float[][][] Alignments(int? layer, int? head) => [.. Toy.Model.Generate(["abc", "ffed"], new DecodingOptions
        {
            OutputAlignment = true,
            AlignmentLayer = layer,
            AlignmentHead = head,
        }).Select(generation => generation.Alignment.Select(shares => shares.ToArray()).ToArray())];
        float[][][] mean = Alignments(null, null), first = Alignments(0, 0), second = Alignments(null, 1);

        for (int row = 0; row < 2; row++)
            for (int t = 0; t < mean[row].Length; t++)
                for (int i = 0; i < mean[row][t].Length; i++)
                    Assert.AreEqual((first[row][t][i] + second[row][t][i]) / 2, mean[row][t][i], 1e-6f);
        Assert.AreNotEqual(first[0][0][0], second[0][0][0]);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Alignments(1, null));
        StringAssert.Contains(error.Message, "AlignmentLayer is 1; allowed: null, or 0 to 0");
        error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Toy.Model.WithDecoding(new DecodingOptions { AlignmentHead = 2 }));
        StringAssert.Contains(error.Message, "AlignmentHead is 2; allowed: null, or 0 to 1");
        error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(Toy.Options(options => options.Decoding.AlignmentLayer = 1).Validate);
        StringAssert.Contains(error.Message, "AlignmentLayer is 1");
    }

    [TestMethod]
    public void AlignmentAndTokenScoresComeAsColumns()
    {
        using var model = Toy.Model.WithDecoding(new DecodingOptions { OutputAlignment = true, OutputTokenScores = true });
        var view = model.Transform(Toy.View([new Toy.Row { Source = "abcd" }, new Toy.Row { Source = "" }]));
        using var cursor = view.GetRowCursor(view.Schema);
        var getAlignment = cursor.GetGetter<VBuffer<float>>(view.Schema["Alignment"]);
        var getScores = cursor.GetGetter<VBuffer<float>>(view.Schema["TokenScores"]);
        var getSource = cursor.GetGetter<VBuffer<ReadOnlyMemory<char>>>(view.Schema["SourceTokens"]);
        var getTarget = cursor.GetGetter<VBuffer<ReadOnlyMemory<char>>>(view.Schema["TargetTokens"]);
        VBuffer<float> alignment = default, scores = default;
        VBuffer<ReadOnlyMemory<char>> source = default, target = default;

        Assert.IsTrue(cursor.MoveNext());
        getAlignment(ref alignment);
        getScores(ref scores);
        getSource(ref source);
        getTarget(ref target);
        Assert.AreEqual("a b c d", string.Join(' ', source.DenseValues()));
        Assert.AreEqual(source.Length * target.Length, alignment.Length);
        Assert.AreEqual(target.Length + 1, scores.Length);
        float[] shares = [.. alignment.DenseValues()];
        for (int t = 0; t < target.Length; t++)
            Assert.IsInRange(0, 1.0001f, shares.AsSpan(t * source.Length, source.Length).ToArray().Sum());
        Assert.IsTrue(cursor.MoveNext());
        getAlignment(ref alignment);
        getScores(ref scores);
        Assert.AreEqual((0, 0), (alignment.Length, scores.Length));
    }

    [TestMethod]
    public async Task StreamedPiecesJoinToWhatGenerateGives()
    {
        foreach (var options in new DecodingOptions[]
        {
            new() { Strategy = DecodingStrategy.Greedy },
            new() { BeamSize = 4 },
            new() { Strategy = DecodingStrategy.Sampling, Temperature = 2, Seed = 5 },
        })
        {
            foreach (string source in new[] { "fadebc", "a", "", "🙂" })
            {
                var pieces = new List<string>();
                await foreach (string piece in Toy.Model.GenerateStreaming(source, options))
                    pieces.Add(piece);
                Assert.AreEqual(Toy.Model.Generate(source, options).Text, string.Concat(pieces));
                Assert.DoesNotContain("", pieces);
                if (options.Strategy == DecodingStrategy.Greedy && source.Length == 6)
                    Assert.IsGreaterThan(3, pieces.Count);
            }
        }
    }

    [TestMethod]
    public async Task AStreamOfBytePiecesNeverBreaksACharacter()
    {
        // Every character of this vocabulary but the space is spelled in bytes.
        using var model = _ml.Seq2Seq.Trainers.Transformer(Toy.Options(options =>
        {
            options.Tokenization = new SubwordOptions { MinimumFrequency = 100_000 };
            options.Training.MaxEpochs = 150;
            options.ValidationFraction = 0;
        })).Fit(Toy.View([new Toy.Row { Source = "a", Target = "🙂é🙃日本" }, new Toy.Row { Source = "b", Target = "ñ🙂" }]));
        var options = new DecodingOptions { Strategy = DecodingStrategy.Greedy, MaxLengthRatio = 0, MaxLength = 30 };
        var pieces = new List<string>();

        await foreach (string piece in model.GenerateStreaming("a", options))
            pieces.Add(piece);

        Assert.AreEqual("🙂é🙃日本", string.Concat(pieces));
        Assert.HasCount(5, pieces);
    }

    internal sealed class PrefixedRow
    {
        public string Source { get; set; } = "";

        public string? Prefix { get; set; }
    }
}
