using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Mean of the weights at the few validations where they scored best by themselves.</summary>
internal sealed class BestAverage(FlatParameters parameters, int count) : WeightAverage(parameters)
{
    private readonly List<Snapshot> _snapshots = []; // oldest first

    public override IReadOnlyList<Tensor> State => [.. _snapshots.Select(snapshot => snapshot.Weights)];

    public override IReadOnlyList<double> Scores => [.. _snapshots.Select(snapshot => snapshot.Score)];

    public override void Load(IReadOnlyList<Tensor> state, CheckpointState run) =>
        _snapshots.AddRange(state.Zip(run.AverageScores, (weights, score) => new Snapshot(Own(weights), score)));

    public override void OnStep()
    {
    }

    /// <summary>Takes the weights in, if they are among the best so far; of equal ones those before stay.</summary>
    /// <param name="score">Of the weights as they are; higher is better.</param>
    public void Offer(double score)
    {
        // A loss that is not a number is no score. A validation that was canceled, and is now done anew, took them already.
        if (!(score > double.NegativeInfinity) || Has(_snapshots.LastOrDefault()?.Weights))
            return;
        if (_snapshots.Count == count)
        {
            double worst = _snapshots.Min(snapshot => snapshot.Score);
            if (score <= worst)
                return;
            int index = _snapshots.FindLastIndex(snapshot => snapshot.Score == worst); // of equal ones the newest
            _snapshots[index].Weights.Dispose();
            _snapshots.RemoveAt(index);
        }
        _snapshots.Add(new Snapshot(Own(Parameters.Values), score));
    }

    public override void Restore() => Take(State);

    public override void Dispose()
    {
        foreach (var snapshot in _snapshots)
            snapshot.Weights.Dispose();
    }

    /// <param name="Weights">(N)</param>
    /// <param name="Score">Higher is better.</param>
    private sealed record Snapshot(Tensor Weights, double Score);
}
