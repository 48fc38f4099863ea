using System.Collections.Concurrent;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>
/// None of some phrases in the text, however it is cut into tokens: the automaton of Aho and Corasick (1975) reads the text's
/// characters, and a token is banned if what it adds to them completes a phrase. Immutable but for what it remembers; any
/// number of threads may ask.
/// </summary>
internal sealed class PhraseFilter : ITokenRule
{
    private const int Root = 0;

    private readonly TokenTexts _texts;
    private readonly Dictionary<(int Node, char Character), int> _children = [];
    private readonly List<int> _failures = [Root]; // of each node: that of the longest end of its text which is a phrase's beginning
    private readonly List<bool> _completes = [false]; // of each node: whether its text ends with a phrase
    private readonly List<char[]> _continuations = [[]]; // of each node: the characters that continue it, or an end of it
    private readonly Dictionary<char, List<int>> _byFirstCharacter = []; // tokens, as they stand after others
    private readonly int[] _banned; // after any text: tokens that hold a phrase
    private readonly Lazy<int[]> _bannedFirst; // at the start of a text
    private readonly ConcurrentDictionary<int, int[]> _bannedAt = []; // node → tokens that complete what began before them

    /// <param name="phrases">None is empty, none holds <see cref="SpecialTokens.Replacement"/>.</param>
    /// <param name="texts">What tokens add to a text.</param>
    public PhraseFilter(IEnumerable<string> phrases, TokenTexts texts)
    {
        _texts = texts;
        foreach (string phrase in phrases)
            Add(phrase);
        Link();
        for (int token = 0; token < texts.Later.Length; token++)
        {
            if (texts.Later[token].Characters is not [var first, ..])
                continue;
            if (!_byFirstCharacter.TryGetValue(first, out var tokens))
                _byFirstCharacter.Add(first, tokens = []);
            tokens.Add(token);
        }
        _banned = [.. Enumerable.Range(0, texts.Later.Length).Where(token => Completes(Root, token))];
        _bannedFirst = new(() => [.. Enumerable.Range(0, texts.First.Length).Where(token => Completes(Root, token, isFirst: true))]);
    }

    public void Apply(ReadOnlySpan<int> written, ref NextTokens next)
    {
        int node = Root;
        ByteDecoder bytes = default;
        for (int i = 0; i < written.Length; i++)
            Read(written[i], isFirst: i == 0, ref node, ref bytes);

        foreach (int token in written.IsEmpty ? _bannedFirst.Value : _banned)
            next.Ban(token);
        if (bytes.IsWithinCharacter)
            BanBytes(node, bytes, ref next); // any other token leaves them no character, and begins anew
        else if (node != Root)
            foreach (int token in _bannedAt.GetOrAdd(node, BannedAt))
                next.Ban(token);
    }

    private void BanBytes(int node, ByteDecoder bytes, ref NextTokens next)
    {
        foreach (int token in _texts.Bytes)
        {
            var (nodeAfter, bytesAfter) = (node, bytes);
            if (Read(token, isFirst: false, ref nodeAfter, ref bytesAfter))
                next.Ban(token);
        }
    }

    /// <summary>Moves on by a token and tells whether it completes a phrase.</summary>
    private bool Read(int token, bool isFirst, ref int node, ref ByteDecoder bytes)
    {
        Span<char> characters = stackalloc char[ByteDecoder.MostCharacters];
        var text = (isFirst ? _texts.First : _texts.Later)[token];
        if (text.Bytes is null)
        {
            Read(characters[..bytes.Finish(characters)], ref node);
            return Read(text.Characters, ref node);
        }
        bool completes = false;
        foreach (byte value in text.Bytes)
            completes |= Read(characters[..bytes.Add(value, characters)], ref node);
        return completes;
    }

    private bool Read(ReadOnlySpan<char> text, ref int node)
    {
        bool completes = false;
        foreach (char character in text)
        {
            node = Next(node, character);
            completes |= _completes[node];
        }
        return completes;
    }

    private int Next(int node, char character)
    {
        int next;
        while (!_children.TryGetValue((node, character), out next) && node != Root)
            node = _failures[node];
        return next; // the root where nothing begins with the character
    }

    private bool Completes(int node, int token, bool isFirst = false)
    {
        ByteDecoder bytes = default;
        return Read(token, isFirst, ref node, ref bytes);
    }

    /// <summary>Only bytes, and tokens that begin with a character which goes on from the node, can complete what it
    /// began.</summary>
    private int[] BannedAt(int node) => [.. _continuations[node]
        .SelectMany(character => _byFirstCharacter.GetValueOrDefault(character) ?? [])
        .Concat(_texts.Bytes)
        .Where(token => Completes(node, token))];

    private void Add(string phrase)
    {
        int node = Root;
        foreach (char character in phrase)
        {
            if (!_children.TryGetValue((node, character), out int child))
            {
                child = _failures.Count;
                _children.Add((node, character), child);
                _failures.Add(Root);
                _completes.Add(false);
                _continuations.Add([]);
            }
            node = child;
        }
        _completes[node] = true;
    }

    /// <summary>Nodes are linked by their depth, so that what they fall back to is linked before them.</summary>
    private void Link()
    {
        var edges = _children.ToLookup(edge => edge.Key.Node, edge => (edge.Key.Character, Child: edge.Value));
        var queue = new Queue<int>([Root]);
        while (queue.TryDequeue(out int node))
        {
            if (node != Root)
                _continuations[node] = [.. edges[node].Select(edge => edge.Character).Union(_continuations[_failures[node]])];
            foreach (var (character, child) in edges[node])
            {
                if (node != Root)
                    _failures[child] = Next(_failures[node], character);
                _completes[child] |= _completes[_failures[child]];
                queue.Enqueue(child);
            }
        }
    }
}
