using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>64 bits in place of texts. Among ten million rows the chance that any two different ones share theirs is about
/// three in a million.</summary>
internal struct TextHash(ulong seed)
{
    private ulong _state = SplitMix64.Mix(seed);

    public readonly ulong Value => _state;

    /// <summary>Whether something was added that counts.</summary>
    public bool HasContent { get; private set; }

    /// <summary>Adds a text and its end.</summary>
    public void Add(ReadOnlySpan<char> text)
    {
        HasContent |= text.Length > 0;
        var words = MemoryMarshal.Cast<char, ulong>(text);
        foreach (ulong word in words)
            _state = SplitMix64.Mix(_state ^ word);
        foreach (char c in text[(words.Length * 4)..])
            _state = SplitMix64.Mix(_state ^ c);
        AddEnd(text.Length);
    }

    /// <summary>Adds what is left of a text without case, white space, punctuation and symbols, and its end.</summary>
    public void AddFolded(ReadOnlySpan<char> text)
    {
        int length = 0;
        ulong word = 0;
        foreach (char c in text)
        {
            if (!Counts(c))
                continue;
            word = (word << 16) | char.ToLowerInvariant(c);
            if (++length % 4 == 0)
            {
                _state = SplitMix64.Mix(_state ^ word);
                word = 0;
            }
        }
        _state = SplitMix64.Mix(_state ^ word);
        HasContent |= length > 0;
        AddEnd(length);
    }

    private void AddEnd(int length) => _state = SplitMix64.Mix(_state ^ ((ulong)length << 32));

    // Marks are vowels in many scripts, and surrogates letters or pictures.
    private static bool Counts(char c) => char.IsAsciiLetterOrDigit(c) || (c >= 0x80 && char.GetUnicodeCategory(c) is
        <= UnicodeCategory.OtherNumber or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse);
}
