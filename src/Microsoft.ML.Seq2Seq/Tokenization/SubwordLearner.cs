using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>Learns a vocabulary from text. The same text in the same order gives the same vocabulary, on any machine.</summary>
internal static class SubwordLearner
{
    /// <summary>Characters of all different words that are counted, which bounds memory to about 1 GB: some two million
    /// words. Words met for the first time after that are left out: by then they are rare, or, in scripts without spaces,
    /// much like the others.</summary>
    private const int MaximumCharacters = 20_000_000;

    /// <summary>Texts are read once, and not at all for a vocabulary that is imported.</summary>
    /// <exception cref="FileNotFoundException">A file to import is missing.</exception>
    /// <exception cref="InvalidDataException">A file to import can't be used; the message says why.</exception>
    /// <exception cref="InvalidOperationException">A kind other than byte-pair encoding found nothing to learn.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public static SubwordTokenizer Learn(IEnumerable<string> texts, SubwordOptions options, Cancellation cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var preparation = new TextPreparation(options.Lowercase, options.Normalization);
        preparation.RequireSupport();
        if (options.VocabularyFile is { } file)
            return ImportedFiles.Read(file, options.MergesFile).Open(preparation, [.. options.Symbols]);
        var symbols = new SymbolSet(options.Symbols);
        var counts = Count(texts, options.Kind, preparation, symbols, cancellation);
        return options.Kind == SubwordKind.BytePairEncoding
            ? LearnMerges(counts, preparation, symbols, options, cancellation)
            : new UnitTokenizer(options.Kind, preparation, LearnUnits(counts, options), symbols);
    }

    private static Dictionary<string, long> Count(
        IEnumerable<string> texts, SubwordKind kind, TextPreparation preparation, SymbolSet symbols, Cancellation cancellation)
    {
        var counts = new Dictionary<string, long>();
        var lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        long room = MaximumCharacters;
        foreach (string text in texts)
        {
            ArgumentNullException.ThrowIfNull(text);
            cancellation.ThrowIfRequested();
            foreach (var part in symbols.Split(text, betweenSpaces: kind == SubwordKind.Whitespace))
            {
                if (part.Symbol < 0)
                    Count(new TextUnits(kind, preparation.Apply(part.Text), part.Edges.HasFlag(TextEdges.Start)), lookup, ref room);
            }
        }
        return counts;
    }

    private static void Count(
        TextUnits units, Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> counts, ref long room)
    {
        foreach (var unit in units)
        {
            if (room > 0)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(counts, unit, out bool exists)++;
                room -= exists ? 0 : unit.Length;
            }
            else if (counts.ContainsKey(unit))
                counts[unit]++;
        }
    }

    private static string[] LearnUnits(Dictionary<string, long> counts, SubwordOptions options)
    {
        string[] pieces = [.. counts
            .Where(unit => unit.Value >= options.MinimumFrequency && unit.Key.Length <= MarkedText.MaximumWord
                && Utf16.IsWellFormed(unit.Key))
            .OrderByDescending(unit => unit.Value).ThenBy(unit => unit.Key, StringComparer.Ordinal)
            .Take(options.VocabularySize - SpecialTokens.FirstText - options.Symbols.Count)
            .Select(unit => unit.Key)];
        return pieces.Length + options.Symbols.Count > 0 ? pieces : throw new InvalidOperationException(
            $"The text to learn a vocabulary of {nameof(options.Kind)} {options.Kind} from has nothing that occurs {nameof(options.MinimumFrequency)} ({options.MinimumFrequency}) times.");
    }

    private static BytePairTokenizer LearnMerges(
        Dictionary<string, long> words, TextPreparation preparation, SymbolSet symbols, SubwordOptions options, Cancellation cancellation)
    {
        List<string> alphabet = [MarkedText.Space.ToString(), .. LearnAlphabet(words, options)];
        var indices = new Dictionary<int, int>();
        for (int i = 0; i < alphabet.Count; i++)
            indices.Add(char.ConvertToUtf32(alphabet[i], 0), i);

        var merger = new PairMerger(alphabet);
        var word = new List<int>();
        foreach (var (text, count) in words)
        {
            word.Clear();
            MarkedText.AddCharacters(text, word);
            for (int i = 0; i < word.Count; i++)
                word[i] = indices.GetValueOrDefault(word[i], PairMerger.NoSymbol);
            merger.Add(CollectionsMarshal.AsSpan(word), count);
        }
        words.Clear();
        words.TrimExcess();
        var merges = merger.Learn(options.VocabularySize - BytePairTokenizer.FirstPiece - symbols.Count, options.MinimumFrequency, cancellation);
        return new BytePairTokenizer(preparation, alphabet, merges, symbols);
    }

    /// <summary>
    /// Characters that earn a piece, most frequent first: those of one in a million of the text or more, so that stray
    /// ones don't fill the vocabulary, and at most half of its places (or 256, if that is more), so that Chinese leaves
    /// room for words. What is left out is spelled in bytes.
    /// </summary>
    private static IEnumerable<string> LearnAlphabet(Dictionary<string, long> words, SubwordOptions options)
    {
        var counts = new Dictionary<int, long>();
        long total = 0;
        var characters = new List<int>();
        foreach (var (word, count) in words)
        {
            characters.Clear();
            MarkedText.AddCharacters(word, characters);
            foreach (int character in characters)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(counts, character, out _) += count;
                total += count;
            }
        }
        counts.Remove(MarkedText.Space);
        return counts
            .Where(character => Rune.IsValid(character.Key) // else a byte
                && character.Value >= Math.Max(options.MinimumFrequency, total / 1_000_000))
            .OrderByDescending(character => character.Value).ThenBy(character => character.Key)
            .Take(LargestAlphabet(options.VocabularySize - options.Symbols.Count))
            .Select(character => char.ConvertFromUtf32(character.Key));
    }

    /// <summary>Most characters, without the mark of words, that earn a piece of byte-pair encoding.</summary>
    /// <param name="vocabularySize">Without the user's symbols.</param>
    public static int LargestAlphabet(int vocabularySize)
    {
        int room = vocabularySize - BytePairTokenizer.FirstPiece - 1;
        return Math.Min(room, Math.Max(256, room / 2));
    }
}
