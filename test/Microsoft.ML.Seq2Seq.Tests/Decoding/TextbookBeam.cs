using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

/// <summary>Beam search as a textbook has it, and diverse beam search as its paper has it: plain loops over lists, in double
/// precision. With the two things that the library promises beyond them: the greedy prefix keeps a place in the first
/// group, and no output is given back twice.</summary>
internal sealed class TextbookBeam
{
    /// <summary>Prefixes of each group.</summary>
    public required int Width { get; init; }

    public int Groups { get; init; } = 1;

    public double DiversityPenalty { get; init; }

    /// <summary>Best outputs of each group to give back.</summary>
    public required int Keep { get; init; }

    public double Alpha { get; init; } = 0.6;

    public LengthPenaltyForm Form { get; init; }

    public double Patience { get; init; } = 1;

    public required int MaxLength { get; init; }

    /// <summary>Whether a group may stop before all its prefixes have ended.</summary>
    public bool StopsEarly { get; init; } = true;

    /// <summary>Steps of the model that the last search took.</summary>
    public int Steps { get; private set; }

    /// <summary>What each group gives back, best first.</summary>
    public List<(int[] Tokens, double LogProbability, double Score)>[] Search(ScriptedModel model, int[] source)
    {
        var groups = Enumerable.Range(0, Groups).Select(_ => new Group()).ToArray();
        groups[0].Greedy = groups[0].Alive[0];
        for (Steps = 0; groups.Any(group => group.Alive.Count > 0); Steps++)
        {
            var chosenBefore = new List<int>();
            for (int g = 0; g < Groups; g++)
            {
                var group = groups[g];
                Step(group, model, source, chosenBefore, groups.Where(other => other != group));
                chosenBefore.AddRange(group.Alive.Select(prefix => prefix.Tokens[^1]));
                if (StopsEarly && MayStop(group))
                    group.Alive.Clear();
            }
        }
        return [.. groups.Select(group => group.Finished)];
    }

    private void Step(Group group, ScriptedModel model, int[] source, List<int> chosenBefore, IEnumerable<Group> others)
    {
        var extensions = new List<(int[] Tokens, double LogProbability, double Rank)>();
        (int[] Tokens, double LogProbability, double Rank)? greedy = null;
        foreach (var prefix in group.Alive)
        {
            double[] next = model.LogProbabilities(source, prefix.Tokens);
            var following = new List<(int[] Tokens, double LogProbability, double Rank)>();
            for (int token = 0; token < model.Vocabulary; token++)
            {
                bool ends = token == SpecialTokens.End, isText = token > SpecialTokens.Unknown;
                if (!ends && (!isText || prefix.Tokens.Length == MaxLength))
                    continue;
                double sum = prefix.LogProbability + next[token];
                int times = chosenBefore.Count(chosen => chosen == token);
                following.Add(([.. prefix.Tokens, token], sum, sum - DiversityPenalty * times));
            }
            if (prefix.Tokens == group.Greedy?.Tokens)
                greedy = following.MaxBy(extension => extension.LogProbability);
            extensions.AddRange(following);
        }
        group.Alive.Clear();
        // Twice the width leaves enough even where every prefix may end.
        var best = extensions.OrderByDescending(extension => extension.Rank).Take(2 * Width).ToList();
        for (int place = 0; place < best.Count; place++)
        {
            bool ends = best[place].Tokens[^1] == SpecialTokens.End;
            if (ends && (place < Width || best[place] == greedy))
                Finish(group, best[place].Tokens, best[place].LogProbability, others);
            else if (!ends && group.Alive.Count < Width)
                group.Alive.Add((best[place].Tokens, best[place].LogProbability));
        }
        group.Greedy = null;
        if (greedy is not { } first)
            return;
        bool isAmongBest = best.Contains(first);
        if (first.Tokens[^1] == SpecialTokens.End)
        {
            if (!isAmongBest)
                Finish(group, first.Tokens, first.LogProbability, others);
            return;
        }
        group.Greedy = (first.Tokens, first.LogProbability);
        if (!group.Alive.Contains(group.Greedy.Value))
            group.Alive[^1] = group.Greedy.Value;
    }

    private void Finish(Group group, int[] written, double logProbability, IEnumerable<Group> others)
    {
        int[] tokens = written[..^1];
        if (others.Any(other => other.Finished.Any(output => output.Tokens.SequenceEqual(tokens))))
            return;
        group.Ended++;
        group.Finished.Add((tokens, logProbability, Exhaustive.Score((tokens, logProbability), Alpha, Form)));
        group.Finished = [.. group.Finished.OrderByDescending(output => output.Score).Take(Keep)];
    }

    private bool MayStop(Group group)
    {
        if (group.Finished.Count == 0)
            return false;
        bool enough = group.Ended >= Width * Patience && group.Finished.Count == Keep;
        bool greedyMayWin = group.Greedy is { } greedy && Bound(greedy.LogProbability) > group.Finished[0].Score;
        bool anyMayWin = group.Finished.Count < Keep || group.Alive.Any(prefix => Bound(prefix.LogProbability) > group.Finished[^1].Score);
        return (enough && !greedyMayWin) || !anyMayWin;
    }

    /// <summary>No output that begins so scores more: it may be as long as one can be, and lose no more probability.</summary>
    private double Bound(double logProbability) => Exhaustive.Score((new int[MaxLength], logProbability), Alpha, Form);

    private sealed class Group
    {
        public List<(int[] Tokens, double LogProbability)> Alive { get; } = [([], 0)];

        /// <summary>Best first.</summary>
        public List<(int[] Tokens, double LogProbability, double Score)> Finished { get; set; } = [];

        public int Ended { get; set; }

        public (int[] Tokens, double LogProbability)? Greedy { get; set; }
    }
}
