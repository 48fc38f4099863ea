using System.Xml.Linq;

namespace Microsoft.ML.Seq2Seq.Tests.Catalog;

/// <summary>Faults planted in predictions are found, in their number and place.</summary>
[TestClass]
public sealed class InspectPredictionsTests
{
    private const int Rows = 200;

    private static readonly MLContext _ml = new(1);

    [TestMethod]
    public void TheFiguresAreThoseOfEvaluate()
    {
        var scored = Scored(row => row.PredictedTarget = row.PredictedTarget[..30], row => row.PredictedTarget = "etwas anderes");

        var predictions = _ml.Seq2Seq.Inspect(View(scored)).Predictions!;

        var metrics = _ml.Seq2Seq.Evaluate(View(scored));
        Assert.AreEqual(metrics.Bleu, predictions.Bleu, 1e-9);
        Assert.AreEqual(metrics.ChrF, predictions.ChrF, 1e-9);
        Assert.AreEqual(metrics.ExactMatch, predictions.ExactMatch);
        Assert.AreEqual(Rows, predictions.Rows);
        Assert.AreEqual(52, predictions.WorstRows[0].Row);
        Assert.AreEqual(51, predictions.WorstRows[1].Row);
    }

    [TestMethod]
    public void GroupsByLengthAreThoseOfTheRowsInThem()
    {
        var scored = Scored();
        for (int i = 0; i < Rows; i++)
        {
            scored[i].Source = string.Join(' ', Enumerable.Repeat(scored[i].Source, (i % 7) + 1));
            if (i % 3 == 0)
                scored[i].PredictedTarget = scored[(i + 1) % Rows].PredictedTarget;
        }

        var groups = _ml.Seq2Seq.Inspect(View(scored)).Predictions!.ByLength;

        Assert.IsInRange(2, 6, groups.Count);
        Assert.AreEqual(Rows, groups.Sum(group => group.Rows));
        foreach (var group in groups)
        {
            var rows = scored.Where(row => row.Source.Length >= group.From && row.Source.Length <= group.To).ToArray();
            var metrics = _ml.Seq2Seq.Evaluate(View(rows));
            Assert.HasCount((int)group.Rows, rows);
            Assert.AreEqual(metrics.Bleu, group.Bleu, 1e-9);
            Assert.AreEqual(metrics.ChrF, group.ChrF, 1e-9);
            Assert.AreEqual(metrics.ExactMatch, group.ExactMatch, 1e-9);
            Assert.AreEqual(rows.Average(row => row.Score), group.MeanScore, 1e-5);
        }
    }

    [TestMethod]
    public void FaultsOfPredictionsAreFound()
    {
        var inspection = _ml.Seq2Seq.Inspect(View(Scored(
            row => row.PredictedTarget = " ",
            row => row.PredictedTarget = row.Source,
            row => row.PredictedTarget = $"{row.Target[..40]} der Hund der Hund der Hund",
            row => row.PredictedTarget = row.Target[..20],
            row => row.PredictedTarget = $"{row.Target} und {row.Target[..50]} oder {row.Target}",
            row => row.PredictedTarget = row.Target = $"{row.Target[..40]} ja ja ja ja")));

        AssertFound(inspection, FindingKind.EmptyPrediction, 51);
        AssertFound(inspection, FindingKind.CopiedPrediction, 52);
        StringAssert.Contains(AssertFound(inspection, FindingKind.Repetition, 53).Examples[0].Note, "3 times");
        AssertFound(inspection, FindingKind.UnderTranslation, 54);
        AssertFound(inspection, FindingKind.OverTranslation, 55);
        Assert.IsNull(inspection.Advice);
        Assert.IsNull(inspection.Vocabulary);
    }

    [TestMethod]
    public void GoodPredictionsHaveNoFindings() => Assert.IsEmpty(_ml.Seq2Seq.Inspect(View(Scored())).Findings);

    [TestMethod]
    public void LongSourcesThatFareBadlyAreFound()
    {
        var scored = Scored();
        foreach (var row in scored.Skip(Rows - 40))
            (row.Source, row.PredictedTarget) = ($"{row.Source} {row.Source}", "etwas ganz anderes, und zwar sehr viel davon, aber nicht das, was gefragt ist");

        var inspection = _ml.Seq2Seq.Inspect(View(scored));

        var found = inspection.Findings.Single(finding => finding.Kind == FindingKind.WorseWhenLong);
        Assert.IsInRange(20, 40, found.Count);
    }

    [TestMethod]
    public void TheScoreIsJudgedByItsCorrelationWithQuality()
    {
        var random = new Random(1);
        var scored = Scored();
        foreach (var row in scored)
            row.PredictedTarget = row.Target[..random.Next(20, row.Target.Length)];
        foreach (var row in scored)
            row.Score = -1f / row.PredictedTarget.Length;
        var telling = _ml.Seq2Seq.Inspect(View(scored));
        foreach (var row in scored)
            row.Score = random.NextSingle();
        var random1 = _ml.Seq2Seq.Inspect(View(scored));

        Assert.IsGreaterThan(0.8, telling.Predictions!.ScoreCorrelation);
        Assert.DoesNotContain(finding => finding.Kind == FindingKind.UninformativeScore, telling.Findings);
        Assert.Contains(finding => finding.Kind == FindingKind.UninformativeScore, random1.Findings);
    }

    [TestMethod]
    public void ScoresAndOtherNamesAreOptional()
    {
        var rows = Scored().Select(row => new { Question = row.Source, Answer = row.Target, Written = row.PredictedTarget });

        var inspection = _ml.Seq2Seq.Inspect(_ml.Data.LoadFromEnumerable(rows), new()
        {
            SourceColumnName = "Question",
            LabelColumnName = "Answer",
            PredictedColumnName = "Written",
        });

        Assert.AreEqual(1, inspection.Predictions!.ExactMatch);
        Assert.IsTrue(double.IsNaN(inspection.Predictions.ScoreCorrelation));
        Assert.IsTrue(double.IsNaN(inspection.Predictions.ByLength[0].MeanScore));
    }

    [TestMethod]
    public void WhatAModelWritesCanBeInspectedAsItIs()
    {
        var inspection = _ml.Seq2Seq.Inspect(Estimators.Toy.Model.Transform(Estimators.Toy.View(Estimators.Toy.Rows(100, seed: 5))));

        Assert.IsGreaterThan(0.9, inspection.Predictions!.ExactMatch);
        Assert.IsTrue(double.IsFinite(inspection.Predictions.ByLength[0].MeanScore));
    }

    [TestMethod]
    public void ThePageIsOneWellFormedDocumentThatEscapesTheData()
    {
        string page = _ml.Seq2Seq.Inspect(View(Scored(
            row => row.PredictedTarget = "<script>alert('x')</script> & \"so\" \u0001 \ud800 \ufffe",
            row => row.Source = "]]> <img src=x onerror=alert(1)>"))).ToHtml("<b>Title</b>");

        var document = XDocument.Parse(page);
        XNamespace html = "http://www.w3.org/1999/xhtml";
        Assert.IsEmpty(document.Descendants(html + "script"));
        Assert.IsEmpty(document.Descendants(html + "img"));
        Assert.AreEqual("<b>Title</b>", document.Descendants(html + "h1").Single().Value);
        Assert.Contains(cell => cell.Value.Contains("<script>alert('x')</script>", StringComparison.Ordinal), document.Descendants(html + "td"));
        Assert.IsNotEmpty(document.Descendants().Where(element => element.Name.LocalName == "rect"));
        foreach (var attribute in document.Descendants().Attributes().Where(attribute => attribute.Name.LocalName is "src" or "href"))
            Assert.Fail($"The page asks for {attribute}.");
        Assert.DoesNotContain("url(", page);
    }

    [TestMethod]
    public void TheTextHasNoOrdersForATerminalAndTheFiguresOfTheRecord()
    {
        var inspection = _ml.Seq2Seq.Inspect(View(Scored(row => row.PredictedTarget = "\u001b[31mred\r\nline")));

        string text = inspection.ToString();

        Assert.DoesNotContain("\u001b", text);
        Assert.DoesNotContain("\r", text);
        Assert.Contains(FormattableString.Invariant($"chrF {inspection.Predictions!.ChrF:F2}"), text);
        Assert.Contains("predicted:  [31mred  line", text);
    }

    private sealed class Prediction
    {
        public string Source { get; set; } = "";

        public string Target { get; set; } = "";

        public string PredictedTarget { get; set; } = "";

        public float Score { get; set; }
    }

    /// <summary>Perfect predictions, and changed ones among them, the first of them row 51.</summary>
    private static Prediction[] Scored(params Action<Prediction>[] faults)
    {
        Prediction[] rows = [.. Sentences.Pairs(Rows).Select(row => new Prediction
        {
            Source = row.Source!,
            Target = row.Target!,
            PredictedTarget = row.Target!,
            Score = -row.Number / (float)Rows,
        })];
        for (int i = 0; i < faults.Length; i++)
            faults[i](rows[50 + i]);
        return rows;
    }

    private static IDataView View(IEnumerable<Prediction> rows) => _ml.Data.LoadFromEnumerable(rows);

    private static DataFinding AssertFound(DataInspection inspection, FindingKind kind, params long[] rows)
    {
        var found = inspection.Findings.Single(finding => finding.Kind == kind);
        Assert.AreEqual(rows.Length, found.Count);
        CollectionAssert.AreEqual(rows, found.Examples.Select(example => example.Row).ToArray());
        return found;
    }
}
