using System.Text;

namespace Samples.Dates;

/// <summary>Baltic, Uralic and other languages in and around Europe.</summary>
internal static partial class Languages
{
    private static Language Lithuanian => new()
    {
        Name = "Lithuanian",
        Months = "sausio|vasario|kovo|balandžio|gegužės|birželio|liepos|rugpjūčio|rugsėjo|spalio|lapkričio|gruodžio",
        Weekdays = "pirmadienis|antradienis|trečiadienis|ketvirtadienis|penktadienis|šeštadienis|sekmadienis",
        Styles =
        [
            "{yyyy} m. {month} {d} d.", "{yyyy} m. {month} {d} d., {weekday}", "{yyyy} {month} {d}",
            "{yyyy} m. {month} {d} diena", "{yyyy}-{mm}-{dd}, {weekday}",
        ],
    };

    private static Language Latvian => new()
    {
        Name = "Latvian",
        Months = "janvārī|februārī|martā|aprīlī|maijā|jūnijā|jūlijā|augustā|septembrī|oktobrī|novembrī|decembrī",
        OtherMonths = "janvāris|februāris|marts|aprīlis|maijs|jūnijs|jūlijs|augusts|septembris|oktobris|novembris|decembris",
        Weekdays = "pirmdiena|otrdiena|trešdiena|ceturtdiena|piektdiena|sestdiena|svētdiena",
        Styles =
        [
            "{weekday}, {yyyy}. gada {d}. {other}", "{yyyy}. gada {d}. {other}", "{yyyy}. gada {d}. {month}",
            "{d}. {other}, {yyyy}", "{weekday}, {dd}.{mm}.{yyyy}.",
        ],
    };

    private static Language Estonian => new()
    {
        Name = "Estonian",
        Months = "jaanuar|veebruar|märts|aprill|mai|juuni|juuli|august|september|oktoober|november|detsember",
        ShortMonths = "jaan|veebr|märts|apr|mai|juuni|juuli|aug|sept|okt|nov|dets",
        Weekdays = "esmaspäev|teisipäev|kolmapäev|neljapäev|reede|laupäev|pühapäev",
        ShortWeekdays = "E|T|K|N|R|L|P",
        Styles =
        [
            "{weekday}, {d}. {month} {yyyy}", "{d}. {month} {yyyy}", "{d}. {month} {yyyy}. a", "{d}. {mon} {yyyy}",
            "{wd}, {d}. {mon} {yyyy}",
        ],
    };

    private static Language Finnish => new()
    {
        Name = "Finnish",
        Months = "tammikuuta|helmikuuta|maaliskuuta|huhtikuuta|toukokuuta|kesäkuuta|heinäkuuta|elokuuta|syyskuuta|"
            + "lokakuuta|marraskuuta|joulukuuta",
        ShortMonths = "tammik.|helmik.|maalisk.|huhtik.|toukok.|kesäk.|heinäk.|elok.|syysk.|lokak.|marrask.|jouluk.",
        Weekdays = "maanantai|tiistai|keskiviikko|torstai|perjantai|lauantai|sunnuntai",
        ShortWeekdays = "ma|ti|ke|to|pe|la|su",
        Styles =
        [
            "{weekday} {d}. {month} {yyyy}", "{weekday}na {d}. {month} {yyyy}", "{d}. {month} {yyyy}",
            "{d}. {mon} {yyyy}", "{wd} {d}.{m}.{yyyy}", "{weekday} {d}.{m}.{yyyy}",
        ],
        HeldOutStyles = ["{weekday}na {d}.{m}.{yyyy}"],
    };

    private static Language Hungarian => new()
    {
        Name = "Hungarian",
        Months = "január|február|március|április|május|június|július|augusztus|szeptember|október|november|december",
        ShortMonths = "jan.|febr.|márc.|ápr.|máj.|jún.|júl.|aug.|szept.|okt.|nov.|dec.",
        Weekdays = "hétfő|kedd|szerda|csütörtök|péntek|szombat|vasárnap",
        Styles =
        [
            "{yyyy}. {month} {d}., {weekday}", "{yyyy}. {month} {d}.", "{yyyy}. {mon} {d}.", "{yyyy}. {mm}. {dd}.",
            "{yyyy}. {roman}. {d}.", "{yyyy}. {mon} {d}., {weekday}",
        ],
        HeldOutStyles = ["{yyyy}. {mm}. {dd}., {weekday}"],
    };

    private static Language Turkish => new()
    {
        Name = "Turkish",
        Months = "Ocak|Şubat|Mart|Nisan|Mayıs|Haziran|Temmuz|Ağustos|Eylül|Ekim|Kasım|Aralık",
        ShortMonths = "Oca|Şub|Mar|Nis|May|Haz|Tem|Ağu|Eyl|Eki|Kas|Ara",
        Weekdays = "Pazartesi|Salı|Çarşamba|Perşembe|Cuma|Cumartesi|Pazar",
        ShortWeekdays = "Pzt|Sal|Çar|Per|Cum|Cmt|Paz",
        // Turkish has two letters: i with İ, and ı with I.
        ToUpper = text => text.Replace('i', 'İ').Replace('ı', 'I').ToUpperInvariant(),
        ToLower = text => text.Replace('I', 'ı').Replace('İ', 'i').ToLowerInvariant(),
        Styles =
        [
            "{d} {month} {yyyy} {weekday}", "{d} {month} {yyyy}, {weekday}", "{d} {month} {yyyy}", "{d} {mon} {yyyy}",
            "{d} {mon} {yyyy} {wd}", "{dd}.{mm}.{yyyy} {weekday}",
        ],
        HeldOutStyles = ["{d} {month} {yyyy} {wd}"],
    };

    private static Language Greek => new()
    {
        Name = "Greek",
        Months = "Ιανουαρίου|Φεβρουαρίου|Μαρτίου|Απριλίου|Μαΐου|Ιουνίου|Ιουλίου|Αυγούστου|Σεπτεμβρίου|Οκτωβρίου|"
            + "Νοεμβρίου|Δεκεμβρίου",
        ShortMonths = "Ιαν|Φεβ|Μαρ|Απρ|Μαΐ|Ιουν|Ιουλ|Αυγ|Σεπ|Οκτ|Νοε|Δεκ",
        Weekdays = "Δευτέρα|Τρίτη|Τετάρτη|Πέμπτη|Παρασκευή|Σάββατο|Κυριακή",
        ShortWeekdays = "Δευ|Τρί|Τετ|Πέμ|Παρ|Σάβ|Κυρ",
        // Greek capitals carry no accents.
        ToUpper = text => new StringBuilder(text.ToUpperInvariant()).Replace('Ά', 'Α').Replace('Έ', 'Ε').Replace('Ή', 'Η')
            .Replace('Ί', 'Ι').Replace('Ό', 'Ο').Replace('Ύ', 'Υ').Replace('Ώ', 'Ω').Replace('ΐ', 'Ϊ').ToString(),
        Styles =
        [
            "{weekday}, {d} {month} {yyyy}", "{d} {month} {yyyy}", "{d}η {month} {yyyy}", "{d} {mon} {yyyy}",
            "{wd} {d} {mon} {yyyy}", "{weekday} {d} {month} {yyyy}",
        ],
        HeldOutStyles = ["{weekday}, {d}η {month} {yyyy}"],
    };

    private static Language Georgian => new()
    {
        Name = "Georgian",
        Months = "იანვარი|თებერვალი|მარტი|აპრილი|მაისი|ივნისი|ივლისი|აგვისტო|სექტემბერი|ოქტომბერი|ნოემბერი|დეკემბერი",
        ShortMonths = "იან|თებ|მარ|აპრ|მაი|ივნ|ივლ|აგვ|სექ|ოქტ|ნოე|დეკ",
        Weekdays = "ორშაბათი|სამშაბათი|ოთხშაბათი|ხუთშაბათი|პარასკევი|შაბათი|კვირა",
        HasCase = false,
        Styles =
        [
            "{weekday}, {d} {month}, {yyyy}", "{d} {month}, {yyyy}", "{d} {month} {yyyy}", "{yyyy} წლის {d} {month}",
            "{d} {mon} {yyyy}",
        ],
    };
}
