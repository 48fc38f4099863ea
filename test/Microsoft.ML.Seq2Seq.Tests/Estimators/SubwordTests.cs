using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Tests.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class SubwordTests
{
    private static readonly MLContext _ml = new(1);
    private static readonly IDataView _corpus = View(Texts.Corpus);

    [TestMethod]
    public void AnyTextComesBackAlsoAfterSavingAndLoading()
    {
        string[] texts = [.. Texts.Awkward, .. Texts.Random(seed: 5, count: 500)];
        var model = SplitAndJoin().Fit(_corpus);

        CollectionAssert.AreEqual(texts, Joined(model, View(texts)));
        CollectionAssert.AreEqual(texts, Joined(SavedAndLoaded(model), View(texts)));
    }

    [TestMethod]
    public void NullAndEmptyTextsAreEmptyVectors()
    {
        var model = Split().Fit(_corpus);

        var keys = Keys(model.Transform(View([null, "", "the cat"])));

        Assert.IsEmpty(keys[0]);
        Assert.IsEmpty(keys[1]);
        Assert.IsNotEmpty(keys[2]);
        CollectionAssert.AreEqual(new[] { "", "", "the cat" }, Joined(SplitAndJoin().Fit(_corpus), View([null, "", "the cat"])));
    }

    [TestMethod]
    [DataRow(SubwordKind.BytePairEncoding)]
    [DataRow(SubwordKind.Word)]
    [DataRow(SubwordKind.Character)]
    [DataRow(SubwordKind.Whitespace)]
    public void KeysAreTheTokenizersIdsWithoutTheThreeThatNoTextHas(SubwordKind kind)
    {
        var options = new SubwordOptions { Kind = kind, VocabularySize = 700 };
        var tokenizer = Texts.Learn(kind);
        string text = "the cat ☃ sat";

        var view = Split(options).Fit(_corpus).Transform(View([text]));

        var ids = tokenizer.Encode(text);
        CollectionAssert.AreEqual(ids.Select(id => (uint)id - 2).ToArray(), Keys(view).Single());
        var type = (KeyDataViewType)((VectorDataViewType)view.Schema["Keys"].Type).ItemType;
        Assert.AreEqual((ulong)tokenizer.VocabularySize - 3, type.Count);
        VBuffer<ReadOnlyMemory<char>> names = default;
        view.Schema["Keys"].GetKeyValues(ref names);
        Assert.AreEqual("<unk>", $"{names.GetItemOrDefault(0)}");
        Assert.AreEqual((int)type.Count, names.Length);
        CollectionAssert.AreEqual(ids.Select(tokenizer.Token).ToArray(),
            Keys(view).Single().Select(key => $"{names.GetItemOrDefault((int)key - 1)}").ToArray());
    }

    [TestMethod]
    public void StagesOfMLNetFollow()
    {
        var chain = Split()
            .Append(_ml.Transforms.Conversion.MapKeyToValue("Pieces", "Keys"))
            .Append(_ml.Transforms.Text.ProduceNgrams("Ngrams", "Keys", ngramLength: 2))
            .Append(_ml.Transforms.CopyColumns("Copy", "Keys"))
            .Append(_ml.Transforms.Text.JoinSubwords("Text", "Copy"));

        var view = chain.Fit(_corpus).Transform(_corpus);

        string[] pieces = [.. view.GetColumn<ReadOnlyMemory<char>[]>("Pieces").First().Select(piece => $"{piece}")];
        Assert.AreEqual(Texts.Corpus[0], string.Concat(pieces).Replace('▁', ' ')[1..]);
        Assert.IsTrue(view.GetColumn<float[]>("Ngrams").All(row => row.Sum() > 0));
        CollectionAssert.AreEqual(Texts.Corpus, Toy.Texts(view, "Text"));
    }

    [TestMethod]
    public void AnotherTrainerLearnsFromNgramsOfKeys()
    {
        string[] good = ["good fine", "fine good good"], bad = ["bad poor", "poor poor bad"];
        var rows = Enumerable.Repeat(good.Select(text => (text, true)).Concat(bad.Select(text => (text, false))), 10)
            .SelectMany(all => all).Select(row => new { Text = row.text, Label = row.Item2 });
        var data = _ml.Data.LoadFromEnumerable(rows);

        var model = Split().Append(_ml.Transforms.Text.ProduceNgrams("Features", "Keys", ngramLength: 1))
            .AppendCacheCheckpoint(_ml)
            .Append(_ml.BinaryClassification.Trainers.SdcaLogisticRegression()).Fit(data);

        Assert.AreEqual(1, _ml.BinaryClassification.Evaluate(model.Transform(data)).Accuracy);
    }

    [TestMethod]
    public void TheVocabularyTravelsWithTheColumnIntoFilesAndViews()
    {
        var keys = Split().Fit(_corpus).Transform(_corpus);
        using var file = new MemoryStream();
        _ml.Data.SaveAsBinary(keys, file);
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.idv");
        try
        {
            File.WriteAllBytes(path, file.ToArray());
            foreach (var view in new[] { _ml.Data.LoadFromBinary(path), _ml.Data.Cache(keys), _ml.Data.TakeRows(keys, int.MaxValue) })
            {
                var joined = _ml.Transforms.Text.JoinSubwords("Joined", "Keys").Fit(view).Transform(view);
                CollectionAssert.AreEqual(Texts.Corpus, Toy.Texts(joined, "Joined"));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void APredictionEngineSplitsAndJoins()
    {
        using var engine = _ml.Model.CreatePredictionEngine<Line, Line>(SavedAndLoaded(SplitAndJoin().Fit(_corpus)));

        Assert.AreEqual("Der Hund 🙂", engine.Predict(new Line { Text = "Der Hund 🙂" }).Text);
        Assert.AreEqual("", engine.Predict(new Line { Text = null }).Text);
    }

    [TestMethod]
    public void ManyCursorsAtATimeGiveEveryRowItsOwn()
    {
        string[] texts = [.. Texts.Random(seed: 3, count: 3000)];
        var cached = _ml.Data.Cache(View(texts));
        var view = SplitAndJoin().Fit(_corpus).Transform(cached);
        var column = view.Schema["Text"];

        var cursors = view.GetRowCursorSet([column], 3);
        string[] read = [.. cursors.AsParallel().WithDegreeOfParallelism(3).SelectMany(Read)];

        Assert.HasCount(3, cursors);
        CollectionAssert.AreEquivalent(texts, read);
        Assert.IsTrue(view.CanShuffle);
        CollectionAssert.AreEquivalent(texts, Toy.Texts(_ml.Data.ShuffleRows(view, seed: 4), "Text"));

        List<string> Read(DataViewRowCursor cursor)
        {
            using var owned = cursor;
            var get = cursor.GetGetter<ReadOnlyMemory<char>>(column);
            var rows = new List<string>();
            ReadOnlyMemory<char> text = default;
            while (cursor.MoveNext())
            {
                get(ref text);
                rows.Add(text.ToString());
            }
            return rows;
        }
    }

    [TestMethod]
    public void ColumnsOfTheWrongTypeAreNamedBeforeAndAtFitting()
    {
        var data = _ml.Data.LoadFromEnumerable([new { Text = "a", Number = 1, Label = "x" }]);
        var otherKeys = _ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Keys", "Text").Fit(data).Transform(data);

        AssertRefused(_ml.Transforms.Text.LearnSubwords("Keys", "Number"), data, "'Number'", "String");
        AssertRefused(_ml.Transforms.Text.LearnSubwords("Nothing"), data, "'Nothing'");
        AssertRefused(_ml.Transforms.Text.JoinSubwords("Text"), data, "'Text'", "LearnSubwords");
        AssertRefused(_ml.Transforms.Text.JoinSubwords("Out", "Nothing"), data, "'Nothing'");
        AssertRefused(_ml.Transforms.Text.JoinSubwords("Out", "Keys"), otherKeys, "'Keys'", "LearnSubwords");
        var join = _ml.Transforms.Text.JoinSubwords("Out", "Keys").Fit(Split().Fit(data).Transform(data));
        Assert.Throws<ArgumentOutOfRangeException>(() => join.Transform(otherKeys));
        Assert.Throws<ArgumentOutOfRangeException>(() => join.GetRowToRowMapper(data.Schema));

        static void AssertRefused<T>(IEstimator<T> estimator, IDataView data, params string[] words)
            where T : class, ITransformer
        {
            foreach (var use in new Action[] { () => estimator.Fit(data), () => estimator.GetOutputSchema(SchemaColumns.ShapeOf(data.Schema)) })
            {
                string message = Assert.Throws<ArgumentOutOfRangeException>(use).Message;
                foreach (string word in words)
                    StringAssert.Contains(message, word);
            }
        }
    }

    [TestMethod]
    public void ColumnsShareOneVocabularyOrHaveOneEach()
    {
        InputOutputColumnPair[] columns = [new("A", "Source"), new("B", "Target")];
        var data = _ml.Data.LoadFromEnumerable(Enumerable.Repeat(new { Source = "abc", Target = "xyz" }, 3));
        foreach (bool shared in new[] { true, false })
        {
            var options = new SubwordOptions { SharedVocabulary = shared, Kind = SubwordKind.Character };
            var model = _ml.Transforms.Text.LearnSubwords(columns, options).Fit(data);
            foreach (var one in new ITransformer[] { model, SavedAndLoaded(model, data.Schema) })
            {
                var view = one.Transform(data);
                string a = Names(view, "A"), b = Names(view, "B");
                Assert.AreEqual(shared ? "<unk> a b c x y z" : "<unk> a b c", a);
                Assert.AreEqual(shared ? a : "<unk> x y z", b);
                CollectionAssert.AreEqual(new[] { "xyz", "xyz", "xyz" }, Toy.Texts(_ml.Transforms.Text.JoinSubwords("Text", "B").Fit(view).Transform(view), "Text"));
            }
        }

        static string Names(IDataView view, string column)
        {
            VBuffer<ReadOnlyMemory<char>> names = default;
            view.Schema[column].GetKeyValues(ref names);
            return string.Join(' ', names.DenseValues());
        }
    }

    [TestMethod]
    public void OfSeveralColumnsThoseAreMappedThatTheDataHas()
    {
        var data = _ml.Data.LoadFromEnumerable([new { Source = "abc abc", Target = "xyz xyz" }]);
        var model = _ml.Transforms.Text.LearnSubwords([new InputOutputColumnPair("Source"), new InputOutputColumnPair("Target")]).Fit(data);

        var view = model.Transform(_ml.Data.LoadFromEnumerable([new { Target = "xyz" }]));

        Assert.AreEqual("Target", view.Schema[^1].Name);
        Assert.AreEqual(2, view.Schema.Count);
        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => model.Transform(_ml.Data.LoadFromEnumerable([new { Other = "" }]))).Message, "'Source'");
    }

    [TestMethod]
    public void ACanceledContextIsHeardAfterTheLastRow()
    {
        var ml = new MLContext(1);
        IEnumerable<Line> Rows()
        {
            foreach (string text in Texts.Corpus)
                yield return new Line { Text = text };
            Toy.Cancel(ml);
        }

        Assert.ThrowsExactly<OperationCanceledException>(() => ml.Transforms.Text.LearnSubwords("Keys", "Text").Fit(ml.Data.LoadFromEnumerable(Rows())));
    }

    [TestMethod]
    public void SymbolsOfAStageAreKeysOfTheirOwn()
    {
        var model = _ml.Transforms.Text.LearnSubwords("Keys", "Text", new SubwordOptions { Symbols = ["<2de>", "{name}"] })
            .Append(_ml.Transforms.Text.JoinSubwords("Text", "Keys")).Fit(_corpus);
        string[] texts = ["<2de>the cat", "{name} <2de>{name}", "<unk></s>"];

        var view = SavedAndLoaded(model).Transform(View(texts));

        CollectionAssert.AreEqual(texts, Toy.Texts(view, "Text"));
        VBuffer<ReadOnlyMemory<char>> names = default;
        view.Schema["Keys"].GetKeyValues(ref names);
        Assert.AreEqual("{name}", $"{names.GetItemOrDefault(names.Length - 1)}");
        Assert.AreEqual((uint)names.Length - 1, Keys(view)[0][0]);
        Assert.DoesNotContain(1u, Keys(view)[2], "the unknown token's spelling became the unknown token");
    }

    [TestMethod]
    public void PreparationAndMinimumFrequencyAreThoseOfTheStage()
    {
        var options = new SubwordOptions { Kind = SubwordKind.Word, Lowercase = true, Normalization = TextNormalization.Nfkc, MinimumFrequency = 3 };
        var data = View(["Ｃａｔ dog", "CAT dog", "cat"]);
        var model = _ml.Transforms.Text.LearnSubwords("Keys", "Text", options).Append(_ml.Transforms.Text.JoinSubwords("Text", "Keys")).Fit(data);

        CollectionAssert.AreEqual(new[] { "cat \uFFFD", "cat \uFFFD", "cat" }, Joined(SavedAndLoaded(model), data));

        var composed = _ml.Transforms.Text.LearnSubwords("Keys", "Text", new SubwordOptions { Normalization = TextNormalization.Nfc })
            .Append(_ml.Transforms.Text.JoinSubwords("Text", "Keys")).Fit(data);
        CollectionAssert.AreEqual(new[] { "\u00FC Ｃ" }, Joined(SavedAndLoaded(composed), View(["u\u0308 Ｃ"])));
    }

    [TestMethod]
    public void AnImportedVocabularyIsAStageThatNeedsItsFileNoMore()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.model");
        ITransformer model;
        try
        {
            File.WriteAllBytes(path, SentencePieceModels.BytePairs);
            model = _ml.Transforms.Text.ImportSubwords("Keys", path, "Text").Append(_ml.Transforms.Text.JoinSubwords("Text", "Keys")).Fit(_corpus);
        }
        finally
        {
            File.Delete(path);
        }
        string[] texts = ["the cat", "Hunde 🙂  laufen ", ""];

        var loaded = SavedAndLoaded(model);

        CollectionAssert.AreEqual(texts, Joined(loaded, View(texts)));
        CollectionAssert.AreEqual(new uint[] { 261, 268 }, Keys(loaded.Transform(View(texts)))[0]); // SentencePiece's ids less one
        using var engine = _ml.Model.CreatePredictionEngine<Line, Line>(loaded);
        Assert.AreEqual("the cat", engine.Predict(new Line { Text = "the cat" }).Text);
    }

    [TestMethod]
    public void FilesThatCantBeImportedAreNamed()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        StringAssert.Contains(Assert.Throws<FileNotFoundException>(() => _ml.Transforms.Text.ImportSubwords("Text", path).Fit(_corpus)).Message, path);
        try
        {
            File.WriteAllText(path, "{ \"a\": 0 }");
            StringAssert.Contains(Assert.Throws<FileNotFoundException>(
                () => _ml.Transforms.Text.ImportSubwords("Text", path, mergesFile: path + ".txt").Fit(_corpus)).Message, "MergesFile");
            string message = Assert.Throws<InvalidDataException>(() => _ml.Transforms.Text.ImportSubwords("Text", path).Fit(_corpus)).Message;
            StringAssert.Contains(message, Path.GetFileName(path));
            StringAssert.Contains(message, "MergesFile");
        }
        finally
        {
            File.Delete(path);
        }
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => _ml.Transforms.Text.ImportSubwords("Text", " ")).Message, "VocabularyFile");
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => Split(new SubwordOptions { MergesFile = "m" })).Message, "MergesFile");
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => new SubwordOptions { VocabularyFile = "v", Dropout = 0.1 }.Validate()).Message, "Dropout");
    }

    [TestMethod]
    public void BadOptionsAreNamed()
    {
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => _ml.Transforms.Text.LearnSubwords([])).Message, "columns");
        StringAssert.Contains(Assert.Throws<ArgumentException>(
            () => _ml.Transforms.Text.LearnSubwords([new InputOutputColumnPair("a", "b"), new InputOutputColumnPair("a", "c")])).Message, "different names");
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => _ml.Transforms.Text.LearnSubwords("")).Message, "outputColumnName");
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => _ml.Transforms.Text.LearnSubwords("half a pair: \ud83d")).Message, "outputColumnName");
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => _ml.Transforms.Text.JoinSubwords("a", " ")).Message, "inputColumnName");
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => Split(new SubwordOptions { Dropout = 0.1 })).Message, "Dropout of the trainer's options");
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => Split(new SubwordOptions { VocabularySize = 3 })).Message, "VocabularySize");
    }

    [TestMethod]
    public void TheEstimatorsForetellTheTransformersColumns()
    {
        var chain = SplitAndJoin();

        var foretold = chain.GetOutputSchema(SchemaColumns.ShapeOf(_corpus.Schema));
        var actual = SchemaColumns.ShapeOf(chain.Fit(_corpus).GetOutputSchema(_corpus.Schema));

        CollectionAssert.AreEquivalent(actual.Select(Describe).ToArray(), foretold.Select(Describe).ToArray());

        static string Describe(SchemaShape.Column column) =>
            $"{column.Name}: {column.Kind} {column.ItemType} {column.IsKey} {string.Join(", ", column.Annotations.Select(Describe).Order())}";
    }

    private static IEstimator<SubwordTransformer> Split(SubwordOptions? options = null) =>
        _ml.Transforms.Text.LearnSubwords("Keys", "Text", options ?? new SubwordOptions { VocabularySize = 700 });

    /// <summary>Hides the text by what is made of its keys.</summary>
    private static IEstimator<ITransformer> SplitAndJoin() => Split().Append(_ml.Transforms.Text.JoinSubwords("Text", "Keys"));

    private static string[] Joined(ITransformer model, IDataView data) => Toy.Texts(model.Transform(data), "Text");

    private static uint[][] Keys(IDataView view) => [.. view.GetColumn<VBuffer<uint>>("Keys").Select(keys => keys.DenseValues().ToArray())];

    private static IDataView View(IEnumerable<string?> texts) => _ml.Data.LoadFromEnumerable(texts.Select(text => new Line { Text = text }));

    private static ITransformer SavedAndLoaded(ITransformer model, DataViewSchema? schema = null)
    {
        using var file = new MemoryStream();
        _ml.Model.Save(model, schema ?? _corpus.Schema, file);
        file.Position = 0;
        return new MLContext().Model.Load(file, out _);
    }

    private sealed class Line
    {
        public string? Text { get; set; }
    }
}
