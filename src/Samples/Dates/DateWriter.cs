using System.Globalization;
using System.Text;

namespace Samples.Dates;

/// <summary>What a careless or hurried writer does to a date.</summary>
internal enum Handwriting
{
    AsIs,
    Capitals,
    SmallLetters,
    CapitalFirst,
    NoCommas,
}

/// <summary>Writes dates in a language and style.</summary>
internal static class DateWriter
{
    /// <summary>Two-digit years below this belong to the 21st century, the others to the 20th.</summary>
    public const int Pivot = 50;

    /// <summary>The first date that can be written with a two-digit year, and so in every style.</summary>
    public static readonly DateOnly First = new(1900 + Pivot, 1, 1);

    /// <summary>The last one.</summary>
    public static readonly DateOnly Last = new(2000 + Pivot - 1, 12, 31);

    private const string ChineseDigits = "〇一二三四五六七八九";

    private static readonly string[] _roman = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];

    private static readonly (DateOnly Start, string Name, string Letter)[] _eras =
    [
        (new DateOnly(2019, 5, 1), "令和", "R"),
        (new DateOnly(1989, 1, 8), "平成", "H"),
        (new DateOnly(1926, 12, 25), "昭和", "S"),
    ];

    public static string Iso(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Whether the date is clear in this style.</summary>
    public static bool CanWrite(DateOnly date, DateStyle style) => !style.OnlyAfterThe12th || date.Day > 12;

    public static string Write(DateOnly date, Language language, DateStyle style, Handwriting hand = Handwriting.AsIs)
    {
        StringBuilder text = new();
        ReadOnlySpan<char> pattern = style.Pattern;
        while (!pattern.IsEmpty)
        {
            int open = pattern.IndexOf('{');
            if (open < 0)
                break;
            int close = pattern.IndexOf('}');
            text.Append(pattern[..open]).Append(Part(pattern[(open + 1)..close].ToString(), date, language));
            pattern = pattern[(close + 1)..];
        }
        text.Append(pattern);
        if (style.OwnDigits)
            for (int i = 0; i < 10; i++)
                text.Replace((char)('0' + i), language.Digits[i]);
        return Scrawl(text.ToString(), language, hand);
    }

    private static string Scrawl(string text, Language language, Handwriting hand) => hand switch
    {
        Handwriting.Capitals when language.HasCase => language.ToUpper(text),
        Handwriting.SmallLetters when language.HasCase => language.ToLower(text),
        Handwriting.CapitalFirst when language.HasCase => language.ToUpper(text[..1]) + text[1..],
        Handwriting.NoCommas => text.Replace(",", "", StringComparison.Ordinal).Replace("،", "", StringComparison.Ordinal),
        _ => text,
    };

    private static string Part(string part, DateOnly date, Language language) => part switch
    {
        "d" => Number(date.Day),
        "dd" => Number(date.Day, "00"),
        "m" => Number(date.Month),
        "mm" => Number(date.Month, "00"),
        "yyyy" => Number(date.Year, "0000"),
        "yy" => Number(date.Year % 100, "00"),
        "month" => Word(language.Months, date.Month - 1),
        "other" => Word(language.OtherMonths, date.Month - 1),
        "mon" => Word(language.ShortMonths, date.Month - 1),
        "weekday" => Word(language.Weekdays, FromMonday(date.DayOfWeek)),
        "wd" => Word(language.ShortWeekdays, FromMonday(date.DayOfWeek)),
        "ord" => language.Ordinal(date.Day),
        "roman" => _roman[date.Month - 1],
        "buddhist" => Number(date.Year + 543),
        "minguo" => Number(date.Year - 1911),
        "era" => EraYear(date) is 1 ? Era(date).Name + "元" : Era(date).Name + Number(EraYear(date)),
        "e" => Era(date).Letter + Number(EraYear(date)),
        "hanyear" => string.Concat(Number(date.Year).Select(digit => ChineseDigits[digit - '0'])),
        "hanmonth" => ChineseNumber(date.Month),
        "handay" => ChineseNumber(date.Day),
        _ => throw new ArgumentException($"The pattern part {{{part}}} is unknown.", nameof(part)),
    };

    private static string Number(int value, string format = "0") => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Word(string words, int index) => words.Split('|')[index];

    private static int FromMonday(DayOfWeek day) => ((int)day + 6) % 7;

    private static (DateOnly Start, string Name, string Letter) Era(DateOnly date) => _eras.First(era => era.Start <= date);

    private static int EraYear(DateOnly date) => date.Year - Era(date).Start.Year + 1;

    /// <summary>1 to 31: 十 is ten, 二十一 twenty-one.</summary>
    private static string ChineseNumber(int value)
    {
        string tens = (value / 10) switch { 0 => "", 1 => "十", var n => ChineseDigits[n] + "十" };
        return value % 10 == 0 ? tens : tens + ChineseDigits[value % 10];
    }
}
