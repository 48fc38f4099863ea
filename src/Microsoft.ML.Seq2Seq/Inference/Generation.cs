namespace Microsoft.ML.Seq2Seq;

/// <summary>What a model wrote for one source.</summary>
public sealed class Generation
{
    internal Generation(string text, float score, IReadOnlyList<string> tokens, IReadOnlyList<float> tokenScores)
    {
        Text = text;
        Score = score;
        Tokens = tokens;
        TokenScores = tokenScores;
    }

    /// <summary>For a source that is empty, or over-long and not to be cut.</summary>
    internal static Generation Empty { get; } = new("", float.NaN, [], []);

    /// <summary>The best hypothesis; empty for an empty source.</summary>
    public string Text { get; }

    /// <summary>Its log-probability divided by the length penalty: 0 is certain, lower is less so. NaN for an empty
    /// source.</summary>
    public float Score { get; }

    /// <summary>The subwords of <see cref="Text"/>.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>Log-probability of each of <see cref="Tokens"/>, and of the end where the model wrote one.</summary>
    public IReadOnlyList<float> TokenScores { get; }

    /// <summary>All hypotheses that were asked for, best first, this one at the head; empty where a hypothesis is
    /// itself one of such a list.</summary>
    public IReadOnlyList<Generation> Hypotheses { get; private init; } = [];

    /// <summary>Gives <see cref="Text"/>.</summary>
    public override string ToString() => Text;

    internal Generation With(IReadOnlyList<Generation> hypotheses) =>
        new(Text, Score, Tokens, TokenScores) { Hypotheses = hypotheses };
}
