using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.Seq2Seq.Persistence;

namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>Prints the curve of a run and keeps it, with its cost, in a file that a resumed run goes on with.</summary>
internal sealed class CurveLog : IProgress<TrainingProgress>
{
    private static readonly JsonSerializerOptions _json = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, // a loss may be NaN
    };

    private readonly string _path;
    private readonly EpochWeights _weights;
    private readonly List<CurvePoint> _points = [];
    private readonly TimeSpan _start = Environment.CpuUsage.TotalTime;
    private double? _before; // processor time of the processes before this one
    private TrainingProgress? _last;

    public CurveLog(string path, EpochWeights weights)
    {
        _path = path;
        _weights = weights;
        if (File.Exists(path))
            _points.AddRange(File.ReadLines(path).Select(line => JsonSerializer.Deserialize<CurvePoint>(line, _json)!));
    }

    /// <summary>The validations.</summary>
    public IReadOnlyList<CurvePoint> Points => [.. _points.Where(point => point.IsValidation)];

    public void Report(TrainingProgress value)
    {
        if (_before is null)
        {
            // A process that was killed may have got further than the checkpoint that this one goes on from.
            _points.RemoveAll(point => point.Step > value.Step || (point.Step == value.Step && point.IsValidation));
            _before = _points.LastOrDefault()?.ProcessorSeconds ?? 0;
        }
        _weights.Keep(); // by the first step of an epoch the checkpoint of the one before is there
        _last = value;
        if (!value.IsValidation)
            return;
        var point = Add(value);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"epoch {point.Epoch}, step {point.Step}: training loss {point.TrainLoss:f4}, validation loss {point.ValidationLoss:f4}, " +
            $"{(point.ValidationMetric is { } metric ? $"validation metric {metric:f2}, " : "")}" +
            $"learning rate {point.LearningRate:g3}, {point.TokensPerSecond:f0} tokens/s, {point.Seconds / 60:f1} min, " +
            $"{point.ProcessorSeconds / 60:f1} min of processor"));
    }

    /// <summary>Notes what a run has cost that stops between two validations.</summary>
    public void Stop()
    {
        if (_last is { IsValidation: false })
            Add(_last);
    }

    private CurvePoint Add(TrainingProgress value)
    {
        var point = new CurvePoint(
            value.Step, value.Epoch, value.IsValidation, value.TrainLoss, value.ValidationLoss, value.ValidationMetric,
            value.LearningRate, value.Elapsed.TotalSeconds,
            _before!.Value + (Environment.CpuUsage.TotalTime - _start).TotalSeconds, value.TokensPerSecond);
        _points.Add(point);
        AtomicFile.Write(_path, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            foreach (var each in _points)
                writer.WriteLine(JsonSerializer.Serialize(each, _json));
        });
        return point;
    }
}
