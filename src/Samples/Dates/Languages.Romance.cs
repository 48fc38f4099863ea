namespace Samples.Dates;

internal static partial class Languages
{
    private static Language French => new()
    {
        Name = "French",
        Months = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre",
        ShortMonths = "janv.|févr.|mars|avr.|mai|juin|juil.|août|sept.|oct.|nov.|déc.",
        Weekdays = "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche",
        ShortWeekdays = "lun.|mar.|mer.|jeu.|ven.|sam.|dim.",
        Ordinal = FirstIs("1er"),
        Styles =
        [
            "{weekday} {ord} {month} {yyyy}", "le {ord} {month} {yyyy}", "{ord} {month} {yyyy}",
            "le {weekday} {ord} {month} {yyyy}", "{ord} {mon} {yyyy}", "{wd} {ord} {mon} {yyyy}",
            "{weekday} {dd}/{mm}/{yyyy}", "ce {weekday} {ord} {month} {yyyy}",
        ],
        HeldOutStyles = ["le {ord} {mon} {yyyy}"],
    };

    private static Language Spanish => new()
    {
        Name = "Spanish",
        Months = "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre",
        ShortMonths = "ene|feb|mar|abr|may|jun|jul|ago|sept|oct|nov|dic",
        Weekdays = "lunes|martes|miércoles|jueves|viernes|sábado|domingo",
        ShortWeekdays = "lun|mar|mié|jue|vie|sáb|dom",
        Ordinal = FirstIs("1.º"),
        Styles =
        [
            "{weekday}, {d} de {month} de {yyyy}", "{d} de {month} de {yyyy}", "el {d} de {month} de {yyyy}",
            "{ord} de {month} de {yyyy}", "{d} de {month} del {yyyy}", "{d} {mon} {yyyy}", "{wd}, {d} {mon} {yyyy}",
            "{weekday} {dd}/{mm}/{yyyy}",
        ],
        HeldOutStyles = ["el {weekday} {d} de {month} de {yyyy}"],
    };

    private static Language Catalan => new()
    {
        Name = "Catalan",
        Months = "de gener|de febrer|de març|d'abril|de maig|de juny|de juliol|d'agost|de setembre|d'octubre|"
            + "de novembre|de desembre",
        ShortMonths = "gen.|febr.|març|abr.|maig|juny|jul.|ag.|set.|oct.|nov.|des.",
        Weekdays = "dilluns|dimarts|dimecres|dijous|divendres|dissabte|diumenge",
        ShortWeekdays = "dl.|dt.|dc.|dj.|dv.|ds.|dg.",
        Styles =
        [
            "{weekday}, {d} {month} de {yyyy}", "{d} {month} de {yyyy}", "el {d} {month} de {yyyy}",
            "{d} {month} del {yyyy}", "{d} {mon} {yyyy}", "{wd}, {d} {mon} {yyyy}",
        ],
    };

    private static Language Portuguese => new()
    {
        Name = "Portuguese",
        Months = "janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro",
        ShortMonths = "jan.|fev.|mar.|abr.|mai.|jun.|jul.|ago.|set.|out.|nov.|dez.",
        Weekdays = "segunda-feira|terça-feira|quarta-feira|quinta-feira|sexta-feira|sábado|domingo",
        ShortWeekdays = "seg.|ter.|qua.|qui.|sex.|sáb.|dom.",
        Ordinal = FirstIs("1º"),
        Styles =
        [
            "{weekday}, {d} de {month} de {yyyy}", "{d} de {month} de {yyyy}", "em {d} de {month} de {yyyy}",
            "{ord} de {month} de {yyyy}", "{d} de {mon} de {yyyy}", "{wd}, {d} de {mon} de {yyyy}",
            "{weekday}, {dd}/{mm}/{yyyy}",
        ],
        HeldOutStyles = ["em {d} de {mon} de {yyyy}"],
    };

    private static Language Italian => new()
    {
        Name = "Italian",
        Months = "gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre",
        ShortMonths = "gen|feb|mar|apr|mag|giu|lug|ago|set|ott|nov|dic",
        Weekdays = "lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica",
        ShortWeekdays = "lun|mar|mer|gio|ven|sab|dom",
        Ordinal = FirstIs("1º"),
        Styles =
        [
            "{weekday} {d} {month} {yyyy}", "{d} {month} {yyyy}", "{ord} {month} {yyyy}", "{d} {mon} {yyyy}",
            "{wd} {d} {mon} {yyyy}", "addì {ord} {month} {yyyy}", "{weekday} {dd}/{mm}/{yyyy}",
        ],
        HeldOutStyles = ["{weekday} {ord} {mon} {yyyy}"],
    };

    private static Language Romanian => new()
    {
        Name = "Romanian",
        Months = "ianuarie|februarie|martie|aprilie|mai|iunie|iulie|august|septembrie|octombrie|noiembrie|decembrie",
        ShortMonths = "ian.|feb.|mar.|apr.|mai|iun.|iul.|aug.|sept.|oct.|nov.|dec.",
        Weekdays = "luni|marți|miercuri|joi|vineri|sâmbătă|duminică",
        ShortWeekdays = "lun.|mar.|mie.|joi|vin.|sâm.|dum.",
        Styles =
        [
            "{weekday}, {d} {month} {yyyy}", "{d} {month} {yyyy}", "{d} {mon} {yyyy}", "{wd}, {d} {mon} {yyyy}",
            "{weekday}, {dd}.{mm}.{yyyy}", "pe {d} {month} {yyyy}",
        ],
    };

    private static Func<int, string> FirstIs(string first) => day => day == 1 ? first : $"{day}";
}
