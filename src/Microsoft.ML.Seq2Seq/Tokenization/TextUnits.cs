using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>What a kind of tokenizer counts when it learns and looks up when it encodes: words with their mark, characters,
/// or what is between spaces.</summary>
internal ref struct TextUnits(SubwordKind kind, string text, bool isStart)
{
    private readonly ReadOnlySpan<char> _text = kind switch
    {
        _ when text.Length == 0 => default,
        SubwordKind.BytePairEncoding => MarkedText.Mark(text, null, singleSymbols: false, isStart),
        SubwordKind.Word => MarkedText.Mark(text, null, singleSymbols: true, isStart),
        _ => text,
    };

    private int _start;
    private int _end;

    public readonly TextUnits GetEnumerator() => this;

    public readonly ReadOnlySpan<char> Current => _text[_start.._end];

    public bool MoveNext()
    {
        _start = _end;
        if (kind == SubwordKind.Character)
        {
            if (_start == _text.Length)
                return false;
            _end = _start + (Utf16.IsPair(_text, _start) ? 2 : 1);
            return true;
        }

        while (_start < _text.Length && _text[_start] == ' ')
            _start++;
        if (_start == _text.Length)
            return false;
        int length = _text[_start..].IndexOf(' ');
        _end = length < 0 ? _text.Length : _start + length;
        return true;
    }
}
