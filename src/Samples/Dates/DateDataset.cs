namespace Samples.Dates;

/// <summary>A date as somebody wrote it, and as it is meant.</summary>
internal sealed record DateExample(string Source, string Target, Language Language, DateStyle Style);

/// <summary>How much data to make.</summary>
internal sealed record DateDatasetSize(int Training, int Validation, int HeldOutDates, int HeldOutStyles)
{
    /// <summary>Languages by name; null takes all.</summary>
    public IReadOnlyList<string>? Languages { get; init; }
}

/// <summary>
/// Generated rows, the same for the same seed and size on every machine. No date of one split occurs in another, in any
/// style, with one exception: rows of held-out styles show dates of the training rows, so that only the style is new.
/// </summary>
internal sealed class DateDataset
{
    /// <summary>One date in so many is kept from training for the test.</summary>
    private const int HeldOutDateShare = 20;

    /// <summary>One date in so many is kept from training for validation.</summary>
    private const int ValidationDateShare = 40;

    /// <summary>One row in so many is written carelessly.</summary>
    private const int CarelessShare = 4;

    /// <summary>Training rows of a style whose years are counted from another event, for each row of the other styles:
    /// a hundred years are to be learnt by heart there.</summary>
    private const int ShareOfOtherCalendars = 4;

    private static readonly Handwriting[] _careless = [.. Enum.GetValues<Handwriting>().Where(hand => hand != Handwriting.AsIs)];

    private readonly HashSet<string> _sources = new(StringComparer.Ordinal);

    /// <summary>Rows to learn from.</summary>
    public IReadOnlyList<DateExample> Training { get; }

    /// <summary>Rows to choose the best epoch by.</summary>
    public IReadOnlyList<DateExample> Validation { get; }

    /// <summary>Test rows: dates that occur nowhere in training or validation, in the styles of training.</summary>
    public IReadOnlyList<DateExample> HeldOutDates { get; }

    /// <summary>Test rows: styles that occur nowhere in training or validation.</summary>
    public IReadOnlyList<DateExample> HeldOutStyles { get; }

    public DateDataset(DateDatasetSize size, ulong seed)
    {
        SampleRandom random = new(seed);
        List<DateOnly> dates = [];
        for (DateOnly date = DateWriter.First; date <= DateWriter.Last; date = date.AddDays(1))
            dates.Add(date);
        random.Shuffle(dates);
        int test = dates.Count / HeldOutDateShare;
        int validation = dates.Count / ValidationDateShare;
        List<DateOnly> testDates = dates[..test];
        List<DateOnly> validationDates = dates[test..(test + validation)];
        List<DateOnly> trainingDates = dates[(test + validation)..];

        List<Language> languages = [.. Languages.All.Where(l => size.Languages is null || size.Languages.Contains(l.Name))];
        List<(Language Language, DateStyle Style)> styles = [.. languages.SelectMany(l => l.Styles.Select(s => (l, s)))];
        List<(Language, DateStyle)> heldOutStyles = [.. languages.SelectMany(l => l.HeldOutStyles.Select(s => (l, s)))];

        List<(Language, DateStyle)> lessons =
            [.. styles.SelectMany(s => Enumerable.Repeat(s, s.Style.HasYearsOfItsOwn ? ShareOfOtherCalendars : 1))];

        Training = Rows(size.Training, trainingDates, lessons, random);
        Validation = Rows(size.Validation, validationDates, styles, random);
        HeldOutDates = Rows(size.HeldOutDates, testDates, styles, random);
        HeldOutStyles = Rows(size.HeldOutStyles, trainingDates, heldOutStyles, random);
    }

    /// <summary>Rows of random dates, each style of the list as often as the others; no text comes twice in the data.</summary>
    private List<DateExample> Rows(
        int count, List<DateOnly> dates, List<(Language Language, DateStyle Style)> styles, SampleRandom random)
    {
        List<DateExample> rows = new(count);
        while (rows.Count < count)
        {
            (Language language, DateStyle style) = styles[rows.Count % styles.Count];
            DateOnly date = random.Pick(dates);
            Handwriting hand = random.Below(CarelessShare) == 0 ? random.Pick(_careless) : Handwriting.AsIs;
            if (!DateWriter.CanWrite(date, style))
                continue;
            string source = DateWriter.Write(date, language, style, hand);
            if (_sources.Add(source))
                rows.Add(new DateExample(source, DateWriter.Iso(date), language, style));
        }
        random.Shuffle(rows);
        return rows;
    }
}
