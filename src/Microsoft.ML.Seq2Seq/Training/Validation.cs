using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>The loss over the validation rows.</summary>
/// <param name="step">It has the model.</param>
/// <param name="pairs">The rows; at least one.</param>
/// <param name="tokensPerBatch">Of <see cref="TrainingOptions.TokensPerBatch"/>.</param>
/// <param name="isCanceled">Asked before every batch.</param>
internal sealed class Validation(TrainingStep step, EncodedPairs pairs, int tokensPerBatch, Func<bool> isCanceled)
{
    /// <summary>Per token; null where the run is canceled meanwhile, which should end it at once.</summary>
    public double? Loss()
    {
        var sum = new LossSum();
        foreach (int[] rows in new BatchPlanner(pairs, tokensPerBatch).InOrder())
        {
            if (isCanceled())
                return null;
            sum += Loss(rows);
        }
        return sum.Likelihood / sum.Tokens;
    }

    private LossSum Loss(int[] rows)
    {
        try
        {
            return step.Evaluate(pairs, rows);
        }
        catch (Exception e) when (rows.Length > 1 && MemoryFailure.Is(e))
        {
            return Loss(rows[..(rows.Length / 2)]) + Loss(rows[(rows.Length / 2)..]);
        }
    }
}
