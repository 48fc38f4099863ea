using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>
/// Independent random outputs of one source. Each has a generator of its own, seeded by the options, the source's tokens
/// and the sample's number: it is the same in any batch, and does not change when more samples are asked for.
/// </summary>
internal sealed class SentenceSamples : SentenceSearch
{
    private readonly DecodingOptions _options;
    private readonly SplitMix64[] _random; // of each sample
    private int[] _samples = []; // of each prefix; empty while all samples share the one prefix, which was forced

    public SentenceSamples(DecodingOptions options, TokenRules rules, ReadOnlySpan<long> source)
        : base(options, rules)
    {
        _options = options;
        ulong seed = (ulong)options.Seed;
        foreach (long token in source)
            seed = SplitMix64.Combine(seed, (ulong)token);
        _random = new SplitMix64[options.NumberOfHypotheses];
        for (int i = 0; i < _random.Length; i++)
            _random[i] = new SplitMix64(SplitMix64.Combine(seed, (ulong)i));
    }

    protected override Candidate[] Choose(int row, NextTokens next)
    {
        int first = _samples.Length == 0 ? 0 : _samples[row], count = _samples.Length == 0 ? _random.Length : 1;
        var drawn = new Candidate[count];
        for (int i = 0; i < count; i++)
            drawn[i] = next.Draw(_options.Temperature, _options.TopK, _options.TopP, _random[first + i].NextDouble());
        return drawn;
    }

    protected override List<(Prefix Prefix, int Row)> Extend(ReadOnlySpan<Proposal> proposals)
    {
        // The samples part where the first token is drawn: one for each of them.
        bool part = _samples.Length == 0 && proposals[0].Candidates.Length == _random.Length;
        var next = new List<(Prefix Prefix, int Row)>(_random.Length);
        var samples = new List<int>(_random.Length);
        for (int row = 0; row < proposals.Length; row++)
        {
            var (candidates, attention) = proposals[row];
            for (int i = 0; i < candidates.Length; i++)
            {
                var prefix = Alive[row].Extend(candidates[i], attention);
                if (prefix.Token == SpecialTokens.End)
                {
                    Finished.Add(prefix.Finish(_options));
                    continue;
                }
                next.Add((prefix, row));
                if (part || _samples.Length > 0)
                    samples.Add(part ? i : _samples[row]);
            }
        }
        _samples = [.. samples];
        return next;
    }
}
