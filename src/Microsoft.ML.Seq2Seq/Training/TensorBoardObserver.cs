using System.Diagnostics;
using System.Text;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Writes the course of a run for TensorBoard: steps about once a second, and every validation.</summary>
/// <param name="directory">Of the event files.</param>
/// <param name="samples">Asked for sample predictions at every validation.</param>
internal sealed class TensorBoardObserver(string directory, Func<IReadOnlyList<SamplePrediction>> samples)
    : ITrainingObserver, IDisposable
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    private readonly TensorBoardWriter _writer = new(directory);
    private readonly Stopwatch _sinceWrite = Stopwatch.StartNew();
    private long _lastStep;

    public void OnStep(TrainingRun run)
    {
        if (run.Step > 1 && _sinceWrite.Elapsed < _interval)
            return;
        WriteStep(run);
        _writer.Flush();
    }

    public void OnValidation(TrainingRun run)
    {
        WriteStep(run);
        if (run.ValidationLoss is { } loss)
            _writer.Scalar("validation/loss", loss, run.Step);
        if (run.ValidationMetric is { } metric)
            _writer.Scalar("validation/metric", metric, run.Step);
        if (samples() is { Count: > 0 } predictions)
            _writer.Text("validation/samples", Table(predictions), run.Step);
        _writer.Flush();
    }

    public void Dispose() => _writer.Dispose();

    private void WriteStep(TrainingRun run)
    {
        if (run.Step == _lastStep)
            return;
        _lastStep = run.Step;
        _writer.Scalar("training/loss", run.TrainLoss, run.Step);
        _writer.Scalar("training/learning_rate", run.LearningRate, run.Step);
        _writer.Scalar("training/gradient_norm", run.GradientNorm, run.Step);
        _writer.Scalar(
            "training/tokens_per_second", run.TokensTrained / Math.Max(run.TimeTraining.TotalSeconds, 1e-9), run.Step);
        _sinceWrite.Restart();
    }

    private static string Table(IReadOnlyList<SamplePrediction> predictions)
    {
        var table = new StringBuilder("| source | target | predicted |\n|---|---|---|\n");
        foreach (var (source, target, predicted) in predictions)
            table.Append(null, $"| {Cell(source)} | {Cell(target)} | {Cell(predicted)} |\n");
        return table.ToString();

        static string Cell(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
    }
}
