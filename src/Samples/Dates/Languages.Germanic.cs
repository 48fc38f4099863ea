namespace Samples.Dates;

internal static partial class Languages
{
    private static Language English => new()
    {
        Name = "English",
        Months = "January|February|March|April|May|June|July|August|September|October|November|December",
        ShortMonths = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec",
        Weekdays = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
        ShortWeekdays = "Mon|Tue|Wed|Thu|Fri|Sat|Sun",
        Ordinal = day => (day % 10, day / 10) switch
        {
            (_, 1) => $"{day}th",
            (1, _) => $"{day}st",
            (2, _) => $"{day}nd",
            (3, _) => $"{day}rd",
            _ => $"{day}th",
        },
        Styles =
        [
            "{weekday}, {month} {d}, {yyyy}", "{month} {d}, {yyyy}", "{mon} {d}, {yyyy}", "{mon}. {d}, {yyyy}",
            "{d} {month} {yyyy}", "{weekday}, {d} {month} {yyyy}", "{wd}, {d} {mon} {yyyy}", "{dd}-{mon}-{yyyy}",
            "{d}-{mon}-{yy}", "{ord} of {month}, {yyyy}", "the {ord} of {month} {yyyy}", "{month} {ord}, {yyyy}",
            "{weekday} the {ord} of {month}, {yyyy}", "{mon} {d} '{yy}", "{yyyy} {month} {d}",
        ],
        HeldOutStyles = ["{weekday}, {month} the {ord}, {yyyy}", "{mon} {ord}, {yyyy}"],
    };

    private static Language German => new()
    {
        Name = "German",
        Months = "Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember",
        ShortMonths = "Jan.|Feb.|März|Apr.|Mai|Juni|Juli|Aug.|Sept.|Okt.|Nov.|Dez.",
        Weekdays = "Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag",
        ShortWeekdays = "Mo|Di|Mi|Do|Fr|Sa|So",
        Styles =
        [
            "{weekday}, den {d}. {month} {yyyy}", "{weekday}, {d}. {month} {yyyy}", "{d}. {month} {yyyy}",
            "am {d}. {month} {yyyy}", "{d}. {mon} {yyyy}", "{wd}, {d}. {mon} {yyyy}", "{weekday}, {dd}.{mm}.{yyyy}",
            "{wd} {d}.{m}.{yy}", "{d}. {month} '{yy}",
        ],
        HeldOutStyles = ["{weekday}, den {d}.{m}.{yyyy}"],
    };

    private static Language Dutch => new()
    {
        Name = "Dutch",
        Months = "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december",
        ShortMonths = "jan|feb|mrt|apr|mei|jun|jul|aug|sep|okt|nov|dec",
        Weekdays = "maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag",
        ShortWeekdays = "ma|di|wo|do|vr|za|zo",
        Ordinal = day => $"{day}e",
        Styles =
        [
            "{weekday} {d} {month} {yyyy}", "{d} {month} {yyyy}", "{d} {mon} {yyyy}", "{wd} {d} {mon} {yyyy}",
            "op {d} {month} {yyyy}", "{weekday} de {ord} {month} {yyyy}", "{weekday} {d}-{m}-{yyyy}",
        ],
        HeldOutStyles = ["op {weekday} {d} {month} {yyyy}"],
    };

    private static Language Swedish => new()
    {
        Name = "Swedish",
        Months = "januari|februari|mars|april|maj|juni|juli|augusti|september|oktober|november|december",
        ShortMonths = "jan.|feb.|mars|apr.|maj|juni|juli|aug.|sep.|okt.|nov.|dec.",
        Weekdays = "måndag|tisdag|onsdag|torsdag|fredag|lördag|söndag",
        ShortWeekdays = "mån|tis|ons|tors|fre|lör|sön",
        Ordinal = day => day % 10 is 1 or 2 && day / 10 != 1 ? $"{day}:a" : $"{day}:e",
        Styles =
        [
            "{weekday}en den {d} {month} {yyyy}", "{weekday} {d} {month} {yyyy}", "den {d} {month} {yyyy}",
            "{d} {month} {yyyy}", "{d} {mon} {yyyy}", "{wd} {d} {mon} {yyyy}", "den {ord} {month} {yyyy}",
        ],
    };

    private static Language Danish => new()
    {
        Name = "Danish",
        Months = "januar|februar|marts|april|maj|juni|juli|august|september|oktober|november|december",
        ShortMonths = "jan.|feb.|mar.|apr.|maj|jun.|jul.|aug.|sep.|okt.|nov.|dec.",
        Weekdays = "mandag|tirsdag|onsdag|torsdag|fredag|lørdag|søndag",
        ShortWeekdays = "man.|tirs.|ons.|tors.|fre.|lør.|søn.",
        Styles =
        [
            "{weekday} den {d}. {month} {yyyy}", "{d}. {month} {yyyy}", "den {d}. {month} {yyyy}", "{d}. {mon} {yyyy}",
            "{wd} {d}. {mon} {yyyy}", "{weekday} d. {d}. {month} {yyyy}",
        ],
    };

    private static Language Norwegian => new()
    {
        Name = "Norwegian",
        Months = "januar|februar|mars|april|mai|juni|juli|august|september|oktober|november|desember",
        ShortMonths = "jan.|feb.|mars|apr.|mai|juni|juli|aug.|sep.|okt.|nov.|des.",
        Weekdays = "mandag|tirsdag|onsdag|torsdag|fredag|lørdag|søndag",
        ShortWeekdays = "man.|tir.|ons.|tor.|fre.|lør.|søn.",
        Styles =
        [
            "{weekday} {d}. {month} {yyyy}", "{d}. {month} {yyyy}", "den {d}. {month} {yyyy}", "{d}. {mon} {yyyy}",
            "{wd} {d}. {mon} {yyyy}",
        ],
        HeldOutStyles = ["{weekday} den {d}. {month} {yyyy}"],
    };
}
