using System.Text;
using global::Samples.Dates;

namespace Microsoft.ML.Seq2Seq.Tests.Samples;

[TestClass]
public sealed class LanguagesTests
{
    [TestMethod]
    public void ThereAreFortyLanguagesAndNoNameTwice()
    {
        Assert.HasCount(40, Languages.All.Where(language => language.Name != "Digits"));
        CollectionAssert.AllItemsAreUnique(Languages.All.Select(language => language.Name).ToArray());
    }

    [TestMethod]
    public void EveryTableHasAWordForEachMonthAndWeekdayAndNoWordForTwo()
    {
        foreach (Language language in Languages.All)
        {
            foreach (string months in new[] { language.Months, language.OtherMonths, language.ShortMonths })
                Check(months, 12, language);
            foreach (string days in new[] { language.Weekdays, language.ShortWeekdays })
                Check(days, 7, language);
            Assert.AreEqual(10, language.Digits.Distinct().Count(), language.Name);
        }

        static void Check(string words, int count, Language language)
        {
            if (words.Length == 0)
                return;
            string[] list = words.Split('|');
            Assert.HasCount(count, list, language.Name);
            CollectionAssert.AllItemsAreUnique(list, language.Name);
            Assert.IsTrue(list.All(word => word == word.Trim() && word.Length > 0), language.Name);
        }
    }

    [TestMethod]
    public void OwnDigitsAreTheDigitsOfOneScriptInOrder()
    {
        foreach (Language language in Languages.All)
            for (int i = 0; i < 10; i++)
                Assert.AreEqual(i, Rune.GetNumericValue(new Rune(language.Digits[i])), language.Name);
    }

    [TestMethod]
    public void NoTextMeansTwoDates()
    {
        // Days, months and two-digit years that can be mistaken for one another, and every day of a leap year.
        int[] confusable = [1, 2, 3, 10, 11, 12];
        IEnumerable<DateOnly> dates =
            (from year in confusable from month in confusable from day in confusable select new DateOnly(2000 + year, month, day))
            .Concat(Enumerable.Range(0, 366).Select(new DateOnly(2024, 1, 1).AddDays))
            .Append(DateWriter.First).Append(DateWriter.Last);
        Dictionary<string, DateOnly> meaning = new(StringComparer.Ordinal);

        foreach (DateOnly date in dates)
            foreach (Language language in Languages.All)
                foreach (DateStyle style in language.Styles.Concat(language.HeldOutStyles).Where(s => DateWriter.CanWrite(date, s)))
                    foreach (Handwriting hand in Enum.GetValues<Handwriting>())
                    {
                        string text = DateWriter.Write(date, language, style, hand);
                        if (!meaning.TryAdd(text, date))
                            Assert.AreEqual(meaning[text], date, $"{text} ({language}, {style})");
                    }
    }
}
