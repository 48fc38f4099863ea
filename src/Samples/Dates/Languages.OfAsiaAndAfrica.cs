namespace Samples.Dates;

internal static partial class Languages
{
    private static Language Arabic => new()
    {
        Name = "Arabic",
        Months = "يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر",
        // The months' names from Lebanon to Iraq.
        OtherMonths = "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول",
        Weekdays = "الاثنين|الثلاثاء|الأربعاء|الخميس|الجمعة|السبت|الأحد",
        Digits = "٠١٢٣٤٥٦٧٨٩",
        HasCase = false,
        Styles =
        [
            "{weekday}، {d} {month} {yyyy}", "{d} {month} {yyyy}", "{d} {other} {yyyy}", "{weekday} {d} {other} {yyyy}",
            new("{weekday}، {d} {month} {yyyy}") { OwnDigits = true }, new("{d} {month} {yyyy}") { OwnDigits = true },
            new("{d} {other} {yyyy}") { OwnDigits = true }, "{d} {month} {yyyy}م",
        ],
        HeldOutStyles = [new("{weekday}، {d} {other} {yyyy}") { OwnDigits = true }],
    };

    private static Language Hebrew => new()
    {
        Name = "Hebrew",
        Months = "ינואר|פברואר|מרץ|אפריל|מאי|יוני|יולי|אוגוסט|ספטמבר|אוקטובר|נובמבר|דצמבר",
        ShortMonths = "ינו׳|פבר׳|מרץ|אפר׳|מאי|יוני|יולי|אוג׳|ספט׳|אוק׳|נוב׳|דצמ׳",
        Weekdays = "יום שני|יום שלישי|יום רביעי|יום חמישי|יום שישי|יום שבת|יום ראשון",
        ShortWeekdays = "יום ב׳|יום ג׳|יום ד׳|יום ה׳|יום ו׳|שבת|יום א׳",
        HasCase = false,
        Styles =
        [
            "{weekday}, {d} ב{month} {yyyy}", "{d} ב{month} {yyyy}", "{d} {month} {yyyy}", "{d} ב{mon} {yyyy}",
            "{wd}, {d} ב{month} {yyyy}", "ה-{d} ב{month} {yyyy}",
        ],
        HeldOutStyles = ["{weekday}, ה-{d} ב{month} {yyyy}"],
    };

    private static Language Persian => new()
    {
        Name = "Persian",
        Months = "ژانویه|فوریه|مارس|آوریل|مه|ژوئن|ژوئیه|اوت|سپتامبر|اکتبر|نوامبر|دسامبر",
        Weekdays = "دوشنبه|سه‌شنبه|چهارشنبه|پنجشنبه|جمعه|شنبه|یکشنبه",
        Digits = "۰۱۲۳۴۵۶۷۸۹",
        HasCase = false,
        Styles =
        [
            new("{weekday} {d} {month} {yyyy}") { OwnDigits = true }, new("{d} {month} {yyyy}") { OwnDigits = true },
            new("{d} {month} {yyyy} میلادی") { OwnDigits = true }, "{d} {month} {yyyy}",
            new("{weekday}، {d} {month} {yyyy}") { OwnDigits = true },
        ],
    };

    private static Language Hindi => new()
    {
        Name = "Hindi",
        Months = "जनवरी|फ़रवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर|अक्टूबर|नवंबर|दिसंबर",
        ShortMonths = "जन॰|फ़र॰|मार्च|अप्रैल|मई|जून|जुल॰|अग॰|सित॰|अक्टू॰|नव॰|दिस॰",
        Weekdays = "सोमवार|मंगलवार|बुधवार|गुरुवार|शुक्रवार|शनिवार|रविवार",
        Digits = "०१२३४५६७८९",
        HasCase = false,
        Styles =
        [
            "{weekday}, {d} {month} {yyyy}", "{d} {month} {yyyy}", "{d} {month}, {yyyy}", "{d} {mon} {yyyy}",
            new("{weekday}, {d} {month} {yyyy}") { OwnDigits = true }, new("{d} {month} {yyyy}") { OwnDigits = true },
            "दिनांक {d} {month} {yyyy}",
        ],
        HeldOutStyles = [new("दिनांक {d} {month} {yyyy}") { OwnDigits = true }],
    };

    private static Language Bengali => new()
    {
        Name = "Bengali",
        Months = "জানুয়ারি|ফেব্রুয়ারি|মার্চ|এপ্রিল|মে|জুন|জুলাই|আগস্ট|সেপ্টেম্বর|অক্টোবর|নভেম্বর|ডিসেম্বর",
        Weekdays = "সোমবার|মঙ্গলবার|বুধবার|বৃহস্পতিবার|শুক্রবার|শনিবার|রবিবার",
        Digits = "০১২৩৪৫৬৭৮৯",
        HasCase = false,
        Styles =
        [
            new("{weekday}, {d} {month}, {yyyy}") { OwnDigits = true }, new("{d} {month}, {yyyy}") { OwnDigits = true },
            new("{d} {month} {yyyy}") { OwnDigits = true }, "{d} {month} {yyyy}",
        ],
    };

    private static Language Thai => new()
    {
        Name = "Thai",
        Months = "มกราคม|กุมภาพันธ์|มีนาคม|เมษายน|พฤษภาคม|มิถุนายน|กรกฎาคม|สิงหาคม|กันยายน|ตุลาคม|พฤศจิกายน|ธันวาคม",
        ShortMonths = "ม.ค.|ก.พ.|มี.ค.|เม.ย.|พ.ค.|มิ.ย.|ก.ค.|ส.ค.|ก.ย.|ต.ค.|พ.ย.|ธ.ค.",
        Weekdays = "วันจันทร์|วันอังคาร|วันพุธ|วันพฤหัสบดี|วันศุกร์|วันเสาร์|วันอาทิตย์",
        Digits = "๐๑๒๓๔๕๖๗๘๙",
        HasCase = false,
        Styles =
        [
            // No year is both a Buddhist one (2493 to 2592) and a common one (1950 to 2049).
            "{weekday}ที่ {d} {month} พ.ศ. {buddhist}", "{weekday}ที่ {d} {month} {buddhist}", "{d} {month} {buddhist}",
            "{d} {mon} {buddhist}", "{d} {month} ค.ศ. {yyyy}", new("{d} {month} พ.ศ. {buddhist}") { OwnDigits = true },
            new("{d} {mon} {buddhist}") { OwnDigits = true }, "วันที่ {d} {month} พ.ศ. {buddhist}",
        ],
        HeldOutStyles = [new("{weekday}ที่ {d} {month} พ.ศ. {buddhist}") { OwnDigits = true }],
    };

    private static Language Vietnamese => new()
    {
        Name = "Vietnamese",
        Weekdays = "Thứ Hai|Thứ Ba|Thứ Tư|Thứ Năm|Thứ Sáu|Thứ Bảy|Chủ Nhật",
        Styles =
        [
            "{weekday}, ngày {d} tháng {m} năm {yyyy}", "ngày {d} tháng {m} năm {yyyy}", "{d} tháng {m}, {yyyy}",
            "{weekday}, {d} tháng {m}, {yyyy}", "{weekday}, ngày {dd}/{mm}/{yyyy}", "ngày {d}/{m}/{yyyy}",
        ],
        HeldOutStyles = ["{weekday}, {d}/{m}/{yyyy}"],
    };

    private static Language Indonesian => new()
    {
        Name = "Indonesian",
        Months = "Januari|Februari|Maret|April|Mei|Juni|Juli|Agustus|September|Oktober|November|Desember",
        ShortMonths = "Jan|Feb|Mar|Apr|Mei|Jun|Jul|Agu|Sep|Okt|Nov|Des",
        Weekdays = "Senin|Selasa|Rabu|Kamis|Jumat|Sabtu|Minggu",
        Styles =
        [
            "{weekday}, {d} {month} {yyyy}", "{d} {month} {yyyy}", "tanggal {d} {month} {yyyy}", "{d} {mon} {yyyy}",
            "hari {weekday}, {d} {month} {yyyy}",
        ],
        HeldOutStyles = ["{weekday}, tanggal {d} {month} {yyyy}"],
    };

    private static Language Swahili => new()
    {
        Name = "Swahili",
        Months = "Januari|Februari|Machi|Aprili|Mei|Juni|Julai|Agosti|Septemba|Oktoba|Novemba|Desemba",
        ShortMonths = "Jan|Feb|Mac|Apr|Mei|Jun|Jul|Ago|Sep|Okt|Nov|Des",
        Weekdays = "Jumatatu|Jumanne|Jumatano|Alhamisi|Ijumaa|Jumamosi|Jumapili",
        Styles =
        [
            "{weekday}, {d} {month} {yyyy}", "{d} {month} {yyyy}", "tarehe {d} {month} {yyyy}",
            "{weekday} tarehe {d} {month}, {yyyy}", "{d} {mon} {yyyy}",
        ],
    };

    private static Language Chinese => new()
    {
        Name = "Chinese",
        Weekdays = "星期一|星期二|星期三|星期四|星期五|星期六|星期日",
        ShortWeekdays = "周一|周二|周三|周四|周五|周六|周日",
        HasCase = false,
        Styles =
        [
            "{yyyy}年{m}月{d}日", "{yyyy}年{m}月{d}日 {weekday}", "{yyyy}年{m}月{d}日（{wd}）", "{yyyy}年{m}月{d}号",
            "{yyyy} 年 {m} 月 {d} 日", "{hanyear}年{hanmonth}月{handay}日", "{yy}年{m}月{d}日", "民國{minguo}年{m}月{d}日",
        ],
        HeldOutStyles = ["{hanyear}年{hanmonth}月{handay}日 {weekday}", "{yyyy}年{m}月{d}号 {weekday}"],
    };

    private static Language Japanese => new()
    {
        Name = "Japanese",
        Weekdays = "月曜日|火曜日|水曜日|木曜日|金曜日|土曜日|日曜日",
        ShortWeekdays = "月|火|水|木|金|土|日",
        // Full-width digits.
        Digits = "０１２３４５６７８９",
        HasCase = false,
        Styles =
        [
            "{yyyy}年{m}月{d}日", "{yyyy}年{mm}月{dd}日", "{yyyy}年{m}月{d}日({wd})", "{yyyy}年{m}月{d}日 {weekday}",
            new("{yyyy}年{m}月{d}日") { OwnDigits = true }, "{era}年{m}月{d}日", "{e}.{m}.{d}",
            new("{yyyy}年{m}月{d}日（{wd}）") { OwnDigits = true }, "{era}年{m}月{d}日({wd})",
        ],
        HeldOutStyles = [new("{yyyy}年{m}月{d}日 {weekday}") { OwnDigits = true }],
    };

    private static Language Korean => new()
    {
        Name = "Korean",
        Weekdays = "월요일|화요일|수요일|목요일|금요일|토요일|일요일",
        ShortWeekdays = "월|화|수|목|금|토|일",
        HasCase = false,
        Styles =
        [
            "{yyyy}년 {m}월 {d}일 {weekday}", "{yyyy}년 {m}월 {d}일", "{yyyy}년 {m}월 {d}일 ({wd})", "{yyyy}. {m}. {d}.",
            "{yyyy}. {m}. {d}. ({wd})", "{yyyy}년{m}월{d}일", "{yyyy}.{mm}.{dd}({wd})",
        ],
        HeldOutStyles = ["{yyyy}년 {mm}월 {dd}일"],
    };
}
