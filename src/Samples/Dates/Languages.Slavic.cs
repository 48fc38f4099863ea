namespace Samples.Dates;

internal static partial class Languages
{
    private static Language Polish => new()
    {
        Name = "Polish",
        Months = "stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia",
        ShortMonths = "sty|lut|mar|kwi|maj|cze|lip|sie|wrz|paź|lis|gru",
        Weekdays = "poniedziałek|wtorek|środa|czwartek|piątek|sobota|niedziela",
        ShortWeekdays = "pon.|wt.|śr.|czw.|pt.|sob.|niedz.",
        Styles =
        [
            "{weekday}, {d} {month} {yyyy}", "{d} {month} {yyyy} r.", "{d} {month} {yyyy} roku", "{d} {month} {yyyy}",
            "dnia {d} {month} {yyyy} r.", "{d} {mon} {yyyy}", "{wd}, {d} {mon} {yyyy}", "{d} {roman} {yyyy} r.",
        ],
        HeldOutStyles = ["{weekday}, {d} {month} {yyyy} roku"],
    };

    private static Language Czech => new()
    {
        Name = "Czech",
        Months = "ledna|února|března|dubna|května|června|července|srpna|září|října|listopadu|prosince",
        ShortMonths = "led|úno|bře|dub|kvě|čvn|čvc|srp|zář|říj|lis|pro",
        Weekdays = "pondělí|úterý|středa|čtvrtek|pátek|sobota|neděle",
        ShortWeekdays = "po|út|st|čt|pá|so|ne",
        Styles =
        [
            "{weekday} {d}. {month} {yyyy}", "{d}. {month} {yyyy}", "dne {d}. {month} {yyyy}", "{d}. {mon} {yyyy}",
            "{wd} {d}. {m}. {yyyy}", "{weekday} {d}. {m}. {yyyy}",
        ],
        HeldOutStyles = ["{wd} {d}. {month} {yyyy}"],
    };

    private static Language Slovak => new()
    {
        Name = "Slovak",
        Months = "januára|februára|marca|apríla|mája|júna|júla|augusta|septembra|októbra|novembra|decembra",
        ShortMonths = "jan|feb|mar|apr|máj|jún|júl|aug|sep|okt|nov|dec",
        Weekdays = "pondelok|utorok|streda|štvrtok|piatok|sobota|nedeľa",
        ShortWeekdays = "po|ut|st|št|pi|so|ne",
        Styles =
        [
            "{weekday} {d}. {month} {yyyy}", "{d}. {month} {yyyy}", "dňa {d}. {month} {yyyy}", "{d}. {mon} {yyyy}",
            "{wd} {d}. {m}. {yyyy}",
        ],
    };

    private static Language Slovene => new()
    {
        Name = "Slovene",
        Months = "januarja|februarja|marca|aprila|maja|junija|julija|avgusta|septembra|oktobra|novembra|decembra",
        OtherMonths = "januar|februar|marec|april|maj|junij|julij|avgust|september|oktober|november|december",
        ShortMonths = "jan.|feb.|mar.|apr.|maj|jun.|jul.|avg.|sep.|okt.|nov.|dec.",
        Weekdays = "ponedeljek|torek|sreda|četrtek|petek|sobota|nedelja",
        ShortWeekdays = "pon.|tor.|sre.|čet.|pet.|sob.|ned.",
        Styles =
        [
            "{weekday}, {d}. {month} {yyyy}", "{d}. {month} {yyyy}", "{d}. {other} {yyyy}",
            "dne {d}. {month} {yyyy}", "{d}. {mon} {yyyy}", "{wd}, {d}. {mon} {yyyy}",
        ],
        HeldOutStyles = ["{weekday}, {d}. {other} {yyyy}"],
    };

    private static Language Russian => new()
    {
        Name = "Russian",
        Months = "января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря",
        ShortMonths = "янв.|февр.|мар.|апр.|мая|июн.|июл.|авг.|сент.|окт.|нояб.|дек.",
        Weekdays = "понедельник|вторник|среда|четверг|пятница|суббота|воскресенье",
        ShortWeekdays = "пн|вт|ср|чт|пт|сб|вс",
        Styles =
        [
            "{weekday}, {d} {month} {yyyy} г.", "{d} {month} {yyyy} г.", "{d} {month} {yyyy} года", "{d} {month} {yyyy}",
            "{d} {mon} {yyyy}", "{wd}, {d} {mon} {yyyy} г.", "«{dd}» {month} {yyyy} г.", "{wd} {dd}.{mm}.{yy}",
        ],
        HeldOutStyles = ["{weekday}, {d} {month} {yyyy} года"],
    };

    private static Language Ukrainian => new()
    {
        Name = "Ukrainian",
        Months = "січня|лютого|березня|квітня|травня|червня|липня|серпня|вересня|жовтня|листопада|грудня",
        ShortMonths = "січ.|лют.|бер.|квіт.|трав.|черв.|лип.|серп.|вер.|жовт.|лист.|груд.",
        Weekdays = "понеділок|вівторок|середа|четвер|п'ятниця|субота|неділя",
        ShortWeekdays = "пн|вт|ср|чт|пт|сб|нд",
        Styles =
        [
            "{weekday}, {d} {month} {yyyy} р.", "{d} {month} {yyyy} р.", "{d} {month} {yyyy} року", "{d} {month} {yyyy}",
            "{d} {mon} {yyyy} р.", "{wd}, {d} {mon} {yyyy}",
        ],
    };

    private static Language Bulgarian => new()
    {
        Name = "Bulgarian",
        Months = "януари|февруари|март|април|май|юни|юли|август|септември|октомври|ноември|декември",
        ShortMonths = "яну|фев|март|апр|май|юни|юли|авг|сеп|окт|ное|дек",
        Weekdays = "понеделник|вторник|сряда|четвъртък|петък|събота|неделя",
        ShortWeekdays = "пн|вт|ср|чт|пт|сб|нд",
        Styles =
        [
            "{weekday}, {d} {month} {yyyy} г.", "{d} {month} {yyyy} г.", "{d} {month} {yyyy} година", "{d} {month} {yyyy}",
            "{d} {mon} {yyyy} г.", "{dd}.{mm}.{yyyy} г.",
        ],
    };

    private static Language Serbian => new()
    {
        Name = "Serbian",
        Months = "јануара|фебруара|марта|априла|маја|јуна|јула|августа|септембра|октобра|новембра|децембра",
        OtherMonths = "јануар|фебруар|март|април|мај|јун|јул|август|септембар|октобар|новембар|децембар",
        ShortMonths = "јан|феб|мар|апр|мај|јун|јул|авг|сеп|окт|нов|дец",
        Weekdays = "понедељак|уторак|среда|четвртак|петак|субота|недеља",
        ShortWeekdays = "пон|уто|сре|чет|пет|суб|нед",
        Styles =
        [
            "{weekday}, {d}. {month} {yyyy}.", "{d}. {month} {yyyy}.", "{d}. {other} {yyyy}.",
            "{d}. {month} {yyyy}. године", "{d}. {mon} {yyyy}.", "{wd}, {d}. {mon} {yyyy}.",
        ],
    };
}
