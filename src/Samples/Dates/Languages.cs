namespace Samples.Dates;

/// <summary>The languages, and digits alone.</summary>
internal static partial class Languages
{
    public static IReadOnlyList<Language> All { get; } =
    [
        English, German, Dutch, Swedish, Danish, Norwegian,
        French, Spanish, Catalan, Portuguese, Italian, Romanian,
        Polish, Czech, Slovak, Slovene, Russian, Ukrainian, Bulgarian, Serbian,
        Lithuanian, Latvian, Estonian, Finnish, Hungarian, Turkish, Greek, Georgian,
        Arabic, Hebrew, Persian, Hindi, Bengali, Thai, Vietnamese, Indonesian, Swahili,
        Chinese, Japanese, Korean, Digits,
    ];

    /// <summary>No words, but always clear: the year comes first, or dots stand between day, month and year, or a mark
    /// says which comes first, or the day can't be a month.</summary>
    private static Language Digits => new()
    {
        Name = "Digits",
        Styles =
        [
            "{yyyy}-{mm}-{dd}", "{yyyy}/{mm}/{dd}", "{yyyy}/{m}/{d}", "{yyyy}.{mm}.{dd}", "{yyyy}{mm}{dd}",
            "{dd}.{mm}.{yyyy}", "{d}.{m}.{yyyy}", "{d}. {m}. {yyyy}", "{d}.{m}.{yy}", "{dd}.{mm}.{yy}",
            "{m}/{d}/{yy} (US)", "{m}/{d}/{yyyy} (US)", "{mm}/{dd}/{yyyy} (US)", "{mm}/{dd}/{yyyy} (mm/dd/yyyy)",
            "{d}/{m}/{yy} (UK)", "{d}/{m}/{yyyy} (UK)", "{dd}/{mm}/{yyyy} (UK)", "{dd}/{mm}/{yyyy} (dd/mm/yyyy)",
            new("{d}/{m}/{yyyy}") { OnlyAfterThe12th = true }, new("{m}/{d}/{yyyy}") { OnlyAfterThe12th = true },
            "{d} {roman} {yyyy}", "{d}.{roman}.{yyyy}",
        ],
        HeldOutStyles = ["{dd}/{mm}/{yy} (UK)"],
    };
}
