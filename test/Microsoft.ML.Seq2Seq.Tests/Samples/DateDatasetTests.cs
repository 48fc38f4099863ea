using System.Security.Cryptography;
using System.Text;
using global::Samples.Dates;

namespace Microsoft.ML.Seq2Seq.Tests.Samples;

[TestClass]
public sealed class DateDatasetTests
{
    private static readonly DateDatasetSize _size = new(24_000, 1_000, 2_000, 500);
    private static readonly DateDataset _data = new(_size, seed: 1);

    private static IEnumerable<DateExample> AllRows
        => _data.Training.Concat(_data.Validation).Concat(_data.HeldOutDates).Concat(_data.HeldOutStyles);

    [TestMethod]
    public void EverySplitHasTheSizeAskedFor()
    {
        Assert.HasCount(24_000, _data.Training);
        Assert.HasCount(1_000, _data.Validation);
        Assert.HasCount(2_000, _data.HeldOutDates);
        Assert.HasCount(500, _data.HeldOutStyles);
    }

    [TestMethod]
    public void NoSourceComesTwice()
        => CollectionAssert.AllItemsAreUnique(AllRows.Select(row => row.Source).ToArray());

    [TestMethod]
    public void HeldOutDatesOccurInNoOtherSplit()
    {
        HashSet<string> seen = [.. _data.Training.Concat(_data.Validation).Concat(_data.HeldOutStyles).Select(row => row.Target)];

        Assert.IsFalse(_data.HeldOutDates.Any(row => seen.Contains(row.Target)));
        Assert.IsFalse(_data.Training.Select(row => row.Target).Intersect(_data.Validation.Select(row => row.Target)).Any());
    }

    [TestMethod]
    public void HeldOutStylesOccurInNoOtherSplit()
    {
        HashSet<(Language, DateStyle)> seen = [.. _data.Training.Concat(_data.Validation).Concat(_data.HeldOutDates)
            .Select(row => (row.Language, row.Style))];

        Assert.IsFalse(_data.HeldOutStyles.Any(row => seen.Contains((row.Language, row.Style))));
        Assert.IsGreaterThan(20, _data.HeldOutStyles.Select(row => (row.Language, row.Style)).Distinct().Count());
    }

    [TestMethod]
    public void EveryStyleIsLearntAndTested()
    {
        int styles = Languages.All.Sum(language => language.Styles.Count);

        Assert.AreEqual(styles, _data.Training.Select(row => (row.Language, row.Style)).Distinct().Count());
        Assert.AreEqual(styles, _data.HeldOutDates.Select(row => (row.Language, row.Style)).Distinct().Count());
    }

    [TestMethod]
    public void OtherCalendarsAreTaughtMoreThanTheyAreTested()
    {
        static double Share(IReadOnlyList<DateExample> rows) => rows.Count(row => row.Style.HasYearsOfItsOwn) / (double)rows.Count;

        Assert.IsGreaterThan(2 * Share(_data.HeldOutDates), Share(_data.Training));
        Assert.IsLessThan(0.2, Share(_data.Training));
    }

    [TestMethod]
    public void TheSameSeedGivesTheSameRowsEverywhere()
    {
        string text = string.Join('\n', AllRows.Select(row => $"{row.Source}\t{row.Target}"));

        Assert.AreEqual("A131A24384DBCD41", Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16]);
    }

    [TestMethod]
    public void AnotherSeedGivesOtherRows()
    {
        DateDataset other = new(_size, seed: 2);

        Assert.AreNotEqual(_data.Training[0].Source, other.Training[0].Source);
        Assert.IsLessThan(10_000, other.Training.Select(r => r.Source).Intersect(_data.Training.Select(r => r.Source)).Count());
    }

    [TestMethod]
    public void LanguagesCanBeChosen()
    {
        DateDataset few = new(new DateDatasetSize(100, 10, 10, 10) { Languages = ["German", "Greek"] }, seed: 1);

        CollectionAssert.AreEquivalent(new[] { "German", "Greek" }, few.Training.Select(row => row.Language.Name).Distinct().ToArray());
    }
}
