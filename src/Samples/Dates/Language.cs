namespace Samples.Dates;

/// <summary>How a language writes dates: its words and its styles. Lists of words are separated by <c>|</c>; months run
/// from January, weekdays from Monday.</summary>
internal sealed class Language
{
    public required string Name { get; init; }

    /// <summary>Names of months as they stand in a date, inflected where the language does so: <c>{month}</c>.</summary>
    public string Months { get; init; } = "";

    /// <summary>A second set of months in use, such as the uninflected ones: <c>{other}</c>.</summary>
    public string OtherMonths { get; init; } = "";

    /// <summary>Abbreviated months: <c>{mon}</c>.</summary>
    public string ShortMonths { get; init; } = "";

    /// <summary><c>{weekday}</c></summary>
    public string Weekdays { get; init; } = "";

    /// <summary><c>{wd}</c></summary>
    public string ShortWeekdays { get; init; } = "";

    /// <summary>The day of the month as an ordinal, such as 3rd: <c>{ord}</c>.</summary>
    public Func<int, string> Ordinal { get; init; } = day => day.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The language's own digits, 0 to 9, for styles that use them.</summary>
    public string Digits { get; init; } = "0123456789";

    /// <summary>Whether people write it in capitals now and then.</summary>
    public bool HasCase { get; init; } = true;

    /// <summary>Capitals where they aren't Unicode's one for one.</summary>
    public Func<string, string> ToUpper { get; init; } = text => text.ToUpperInvariant();

    /// <summary>Small letters where they aren't Unicode's one for one.</summary>
    public Func<string, string> ToLower { get; init; } = text => text.ToLowerInvariant();

    /// <summary>Styles that training rows are written in.</summary>
    public required IReadOnlyList<DateStyle> Styles { get; init; }

    /// <summary>Styles that no training row is written in. The parts are known from other styles, their
    /// combination is new.</summary>
    public IReadOnlyList<DateStyle> HeldOutStyles { get; init; } = [];

    public override string ToString() => Name;
}

/// <summary>A way to write a date. The pattern's parts:
/// <list type="bullet">
/// <item><c>{d} {dd} {m} {mm} {yyyy} {yy}</c> numbers, two digits where there are two letters</item>
/// <item><c>{month} {other} {mon} {weekday} {wd} {ord}</c> words of the language</item>
/// <item><c>{roman}</c> the month as a Roman numeral</item>
/// <item><c>{buddhist}</c> year of the Thai calendar, <c>{minguo}</c> of Taiwan's</item>
/// <item><c>{era}</c> and <c>{e}</c> Japanese era and year, such as 令和8 and R8</item>
/// <item><c>{hanyear} {hanmonth} {handay}</c> Chinese numerals</item>
/// </list>
/// </summary>
internal sealed record DateStyle(string Pattern)
{
    private static readonly string[] _yearsOfTheirOwn = ["{buddhist}", "{minguo}", "{era}", "{e}"];

    /// <summary>Numbers in <see cref="Language.Digits"/>.</summary>
    public bool OwnDigits { get; init; }

    /// <summary>Whether its years are counted from another event, so that each is to be learnt by itself.</summary>
    public bool HasYearsOfItsOwn => _yearsOfTheirOwn.Any(part => Pattern.Contains(part, StringComparison.Ordinal));

    /// <summary>Only for days that can't be a month: they alone are clear in the pattern.</summary>
    public bool OnlyAfterThe12th { get; init; }

    public static implicit operator DateStyle(string pattern) => new(pattern);

    public override string ToString() => OwnDigits ? $"{Pattern}, own digits" : Pattern;
}
