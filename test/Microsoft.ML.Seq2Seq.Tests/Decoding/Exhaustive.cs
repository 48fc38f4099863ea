using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

/// <summary>Every output that a model can write, by brute force.</summary>
internal static class Exhaustive
{
    /// <summary>All outputs of up to <paramref name="maxLength"/> tokens with their log-probability, the end token's
    /// included.</summary>
    public static IEnumerable<(int[] Tokens, double LogProbability)> Outputs(
        ScriptedModel model, int[] source, int maxLength, int minLength = 0, bool unknown = false)
    {
        var open = new Stack<(int[] Tokens, double LogProbability)>();
        open.Push(([], 0));
        while (open.TryPop(out var prefix))
        {
            var next = model.LogProbabilities(source, prefix.Tokens);
            if (prefix.Tokens.Length >= minLength)
                yield return (prefix.Tokens, prefix.LogProbability + next[SpecialTokens.End]);
            if (prefix.Tokens.Length == maxLength)
                continue;
            for (int token = SpecialTokens.Unknown + (unknown ? 0 : 1); token < model.Vocabulary; token++)
                open.Push(([.. prefix.Tokens, token], prefix.LogProbability + next[token]));
        }
    }

    /// <summary>Wu et al. 2016, equation 14, or fairseq's mean over a power of the length; with the end token counted.</summary>
    public static double Score((int[] Tokens, double LogProbability) output, double alpha, LengthPenaltyForm form = LengthPenaltyForm.Gnmt)
    {
        double length = output.Tokens.Length + 1;
        return output.LogProbability / Math.Pow(form == LengthPenaltyForm.Gnmt ? (5 + length) / (5 + 1) : length, alpha);
    }
}
