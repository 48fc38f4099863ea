using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

/// <summary>A model that reads its next-token distributions from a script.</summary>
/// <param name="vocabulary">Tokens, the special ones included.</param>
/// <param name="script">(tokens of the source, tokens written so far) → log-probabilities of the next, or any
/// logits.</param>
internal sealed class ScriptedModel(int vocabulary, Func<int[], int[], double[]> script) : IStepModel
{
    /// <summary>Called before each step with the number of rows.</summary>
    public Action<int>? OnStep { get; init; }

    /// <summary>(tokens of the source, tokens written so far) → shares of attention on the source's tokens and its end
    /// when the next is predicted.</summary>
    public Func<int[], int[], double[]>? Attention { get; init; }

    public int Vocabulary => vocabulary;

    /// <summary>Random logits, the same for the same source and prefix.</summary>
    public static ScriptedModel Random(int seed, int vocabulary = 7, double spread = 2) => new(vocabulary, (source, written) =>
    {
        int state = seed;
        foreach (int token in source.Append(-1).Concat(written))
            state = unchecked((state * 31 + token + 7) * 1103515245 + 12345);
        var random = new Random(state);
        return [.. Enumerable.Range(0, vocabulary).Select(_ => spread * random.NextDouble())];
    });

    /// <summary>A script from a table: what was written, as letters, → probabilities of letters and "." for the end.
    /// "a" is token 4.</summary>
    public static ScriptedModel Table(Dictionary<string, Dictionary<char, double>> table) => new(12, (_, written) =>
    {
        var row = Enumerable.Repeat(double.NegativeInfinity, 12).ToArray();
        foreach (var (letter, probability) in table.GetValueOrDefault(Letters(written)) ?? new() { ['.'] = 1 })
            row[letter == '.' ? SpecialTokens.End : letter - 'a' + 4] = Math.Log(probability);
        return row;
    });

    public static string Letters(IEnumerable<int> tokens) => string.Concat(tokens.Select(token => (char)('a' + token - 4)));

    /// <summary>log-probabilities of the next token, in double precision.</summary>
    public double[] LogProbabilities(int[] source, int[] written)
    {
        var logits = script(source, written);
        double normalizer = Math.Log(logits.Sum(Math.Exp));
        return [.. logits.Select(logit => logit - normalizer)];
    }

    public DecoderState Start(SourceBatch source, Team team)
    {
        var ids = source.Source.data<long>().ToArray();
        int width = (int)source.Source.shape[1];
        return new State([.. source.SourceLengths.Select((length, row) =>
            ids.Skip(row * width).Take(length - 1).Select(id => (int)id).ToArray())],
            [.. Enumerable.Repeat(Array.Empty<int>(), source.Rows)]);
    }

    public unsafe (StepOutput Output, DecoderState State) Step(DecoderState state, int[] last)
    {
        var current = (State)state;
        OnStep?.Invoke(last.Length);
        int width = last.Length / current.SourceTokens.Length;
        var read = current.Read.Select((before, row) => before.Append(last[row]).ToArray()).ToArray();
        float[] logits = GC.AllocateArray<float>(last.Length * vocabulary, pinned: true);
        for (int row = 0; row < last.Length; row++)
        {
            var next = script(current.SourceTokens[row / width], read[row][1..]);
            for (int token = 0; token < vocabulary; token++)
                logits[row * vocabulary + token] = (float)next[token];
        }
        state.Dispose();
        fixed (float* first = logits)
            return (new StepOutput(first, last.Length, vocabulary, vocabulary,
                state.Noted is not null ? Attend(current.SourceTokens, read, width) : null),
                new State(current.SourceTokens, read) { Noted = state.Noted, Logits = logits });
    }

    public DecoderState Reorder(DecoderState state, int[] hypotheses, int[]? sources)
    {
        var current = (State)state;
        var next = new State(
            sources is null ? current.SourceTokens : [.. sources.Select(row => current.SourceTokens[row])],
            [.. hypotheses.Select(row => current.Read[row])])
        { Noted = state.Noted };
        state.Dispose();
        return next;
    }

    /// <summary>(R, S)</summary>
    private float[] Attend(int[][] sources, int[][] read, int width)
    {
        int longest = sources.Max(source => source.Length) + 1;
        var shares = new float[read.Length * longest];
        for (int row = 0; row < read.Length; row++)
            Array.ConvertAll(Attention!(sources[row / width], read[row][1..]), share => (float)share).CopyTo(shares, row * longest);
        return shares;
    }

    private sealed class State(int[][] sourceTokens, int[][] read) : DecoderState
    {
        // A live state holds a tensor, so that a test that counts tensors sees a state that was not disposed.
        private readonly Tensor _held = torch.zeros(1).DetachFromDisposeScope();

        public int[][] SourceTokens => sourceTokens;

        /// <summary>Keeps them as long as search reads them.</summary>
        public float[]? Logits { get; init; }

        /// <summary>What each hypothesis has read, the begin token first.</summary>
        public int[][] Read => read;

        public override int Sources => sourceTokens.Length;

        public override int Position => read[0].Length;

        public override void Dispose() => _held.Dispose();
    }
}
