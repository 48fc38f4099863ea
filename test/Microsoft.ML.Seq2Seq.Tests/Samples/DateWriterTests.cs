using global::Samples.Dates;

namespace Microsoft.ML.Seq2Seq.Tests.Samples;

[TestClass]
public sealed class DateWriterTests
{
    [TestMethod]
    // The third of March 2026 is a Tuesday.
    [DataRow("English", "{ord} of {month}, {yyyy}", "2026-03-03", "3rd of March, 2026")]
    [DataRow("English", "{month} {ord}, {yyyy}", "1999-12-21", "December 21st, 1999")]
    [DataRow("English", "the {ord} of {month} {yyyy}", "2004-08-12", "the 12th of August 2004")]
    [DataRow("English", "{mon} {d} '{yy}", "2007-01-09", "Jan 9 '07")]
    [DataRow("German", "{weekday}, den {d}. {month} {yyyy}", "2026-03-03", "Dienstag, den 3. März 2026")]
    [DataRow("French", "le {ord} {month} {yyyy}", "2026-03-03", "le 3 mars 2026")]
    [DataRow("French", "{weekday} {ord} {month} {yyyy}", "2025-08-01", "vendredi 1er août 2025")]
    [DataRow("Spanish", "{weekday}, {d} de {month} de {yyyy}", "2026-03-04", "miércoles, 4 de marzo de 2026")]
    [DataRow("Catalan", "{d} {month} de {yyyy}", "2026-04-30", "30 d'abril de 2026")]
    [DataRow("Swedish", "den {ord} {month} {yyyy}", "2026-05-11", "den 11:e maj 2026")]
    [DataRow("Swedish", "den {ord} {month} {yyyy}", "2026-05-21", "den 21:a maj 2026")]
    [DataRow("Polish", "{weekday}, {d} {month} {yyyy}", "2026-10-07", "środa, 7 października 2026")]
    [DataRow("Polish", "{d} {roman} {yyyy} r.", "2026-09-08", "8 IX 2026 r.")]
    [DataRow("Czech", "{weekday} {d}. {month} {yyyy}", "2026-06-05", "pátek 5. června 2026")]
    [DataRow("Russian", "{weekday}, {d} {month} {yyyy} г.", "2026-03-07", "суббота, 7 марта 2026 г.")]
    [DataRow("Ukrainian", "{d} {month} {yyyy} року", "1991-08-24", "24 серпня 1991 року")]
    [DataRow("Lithuanian", "{yyyy} m. {month} {d} d., {weekday}", "2026-03-03", "2026 m. kovo 3 d., antradienis")]
    [DataRow("Finnish", "{weekday}na {d}. {month} {yyyy}", "2026-03-03", "tiistaina 3. maaliskuuta 2026")]
    [DataRow("Hungarian", "{yyyy}. {month} {d}., {weekday}", "2026-03-08", "2026. március 8., vasárnap")]
    [DataRow("Turkish", "{d} {month} {yyyy} {weekday}", "2026-03-09", "9 Mart 2026 Pazartesi")]
    [DataRow("Greek", "{weekday}, {d} {month} {yyyy}", "2026-03-03", "Τρίτη, 3 Μαρτίου 2026")]
    [DataRow("Hebrew", "{weekday}, {d} ב{month} {yyyy}", "2026-03-03", "יום שלישי, 3 במרץ 2026")]
    [DataRow("Vietnamese", "ngày {d} tháng {m} năm {yyyy}", "1975-04-30", "ngày 30 tháng 4 năm 1975")]
    [DataRow("Thai", "{weekday}ที่ {d} {month} พ.ศ. {buddhist}", "2026-03-03", "วันอังคารที่ 3 มีนาคม พ.ศ. 2569")]
    [DataRow("Chinese", "{yyyy}年{m}月{d}日", "2026-03-03", "2026年3月3日")]
    [DataRow("Chinese", "{hanyear}年{hanmonth}月{handay}日", "2006-11-20", "二〇〇六年十一月二十日")]
    [DataRow("Chinese", "{hanyear}年{hanmonth}月{handay}日", "1950-10-31", "一九五〇年十月三十一日")]
    [DataRow("Chinese", "民國{minguo}年{m}月{d}日", "2026-03-03", "民國115年3月3日")]
    [DataRow("Japanese", "{yyyy}年{m}月{d}日({wd})", "2026-03-03", "2026年3月3日(火)")]
    [DataRow("Japanese", "{era}年{m}月{d}日", "2026-03-03", "令和8年3月3日")]
    [DataRow("Japanese", "{era}年{m}月{d}日", "2019-05-01", "令和元年5月1日")]
    [DataRow("Japanese", "{era}年{m}月{d}日", "2019-04-30", "平成31年4月30日")]
    [DataRow("Japanese", "{e}.{m}.{d}", "1989-01-07", "S64.1.7")]
    [DataRow("Korean", "{yyyy}년 {m}월 {d}일 {weekday}", "2026-03-03", "2026년 3월 3일 화요일")]
    [DataRow("Digits", "{m}/{d}/{yy} (US)", "2026-03-03", "3/3/26 (US)")]
    [DataRow("Digits", "{yyyy}{mm}{dd}", "1950-01-02", "19500102")]
    public void APatternBecomesWhatPeopleWrite(string language, string pattern, string iso, string expected)
        => Assert.AreEqual(expected, Write(iso, language, pattern));

    [TestMethod]
    [DataRow("Arabic", "{d} {month} {yyyy}", "٣ مارس ٢٠٢٦")]
    [DataRow("Hindi", "{weekday}, {d} {month} {yyyy}", "मंगलवार, ३ मार्च २०२६")]
    [DataRow("Thai", "{d} {mon} {buddhist}", "๓ มี.ค. ๒๕๖๙")]
    [DataRow("Japanese", "{yyyy}年{m}月{d}日", "２０２６年３月３日")]
    public void AStyleMayUseTheLanguagesOwnDigits(string language, string pattern, string expected)
        => Assert.AreEqual(expected,
            DateWriter.Write(Day("2026-03-03"), Find(language), new DateStyle(pattern) { OwnDigits = true }));

    [TestMethod]
    [DataRow("German", "Capitals", "3. MÄRZ 2026")]
    [DataRow("German", "SmallLetters", "3. märz 2026")]
    [DataRow("Turkish", "Capitals", "NİSAN KASIM")]
    [DataRow("Turkish", "SmallLetters", "nisan kasım")]
    [DataRow("Greek", "Capitals", "ΜΑΪΟΥ ΤΡΙΤΗ")]
    [DataRow("Swedish", "CapitalFirst", "Tisdag, den 3 mars")]
    [DataRow("English", "NoCommas", "March 3 2026")]
    [DataRow("Arabic", "NoCommas", "الثلاثاء 3 مارس")]
    public void CarelessWritersKeepTheRulesOfTheirScript(string language, string hand, string expected)
    {
        string pattern = (language, hand) switch
        {
            ("German", _) => "{d}. {month} {yyyy}",
            ("Turkish", _) => "Nisan Kasım",
            ("Greek", _) => "Μαΐου Τρίτη",
            ("Swedish", _) => "{weekday}, den {d} {month}",
            ("English", _) => "{month} {d}, {yyyy}",
            _ => "{weekday}، {d} {month}",
        };

        Assert.AreEqual(expected,
            DateWriter.Write(Day("2026-03-03"), Find(language), new DateStyle(pattern), Enum.Parse<Handwriting>(hand)));
    }

    [TestMethod]
    public void AnUnknownPartOfAPatternIsNamed()
        => StringAssert.Contains(Assert.Throws<ArgumentException>(() => Write("2026-03-03", "German", "{year}")).Message, "{year}");

    private static string Write(string iso, string language, string pattern)
    {
        Language found = Find(language);
        Assert.IsTrue(pattern == "{year}" || found.Styles.Any(style => style.Pattern == pattern), "The language has the style.");
        return DateWriter.Write(Day(iso), found, new DateStyle(pattern));
    }

    private static Language Find(string name) => Languages.All.Single(language => language.Name == name);

    private static DateOnly Day(string iso) => DateOnly.ParseExact(iso, "yyyy-MM-dd");
}
