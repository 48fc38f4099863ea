using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Evaluation;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Learns confidences from validation rows, and measures them on others.</summary>
internal static class Calibrator
{
    /// <summary>Fewer rows say nothing of probabilities.</summary>
    private const int LeastRows = 30;

    private const int Window = 1024;

    /// <inheritdoc cref="Seq2SeqCatalog.Calibrate"/>
    public static Seq2SeqTransformer Calibrate(
        IHost host, Seq2SeqTransformer model, IDataView validation, string labelColumnName, CalibrationOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(validation);
        options.Validate();
        OutputNames.Validate(model.Configuration.Columns, model.Configuration.Decoding, options.ConfidenceColumnName);
        var rows = Rows(host, model, validation, labelColumnName, new RowJudge(options.ChrFThreshold));
        int right = rows.Count(row => row.IsRight);
        if (rows.Count < LeastRows)
            throw new InvalidOperationException(
                $"The validation data has {rows.Count} rows with a prediction; confidences are learned from {LeastRows} or more.");
        if (right == 0 || right == rows.Count)
            throw new InvalidOperationException(
                $"{(right == 0 ? "None" : "All")} of the {rows.Count} validation rows are right, so there is nothing to tell right from wrong " +
                $"by. Take more rows, or another {nameof(CalibrationOptions.ChrFThreshold)}.");
        var calibration = ConfidenceFit.Fit(rows, options.Method, options.ConfidenceColumnName);
        using var channel = host.Start("Calibration");
        channel.Info(MessageSensitivity.None, "{0} of {1} rows are right; {2} lowers the log-loss from {3:f4} to {4:f4}",
            right, rows.Count, calibration.Method, calibration.LogLossBefore, calibration.LogLoss);
        return model.WithCalibration(calibration);
    }

    /// <inheritdoc cref="Seq2SeqCatalog.EvaluateConfidence"/>
    public static ConfidenceMetrics Evaluate(
        IHost host, IDataView data, string labelColumnName, string predictedColumnName, string confidenceColumnName,
        double? chrFThreshold, int bins)
    {
        ArgumentNullException.ThrowIfNull(data);
        RowJudge.Validate(nameof(chrFThreshold), chrFThreshold);
        OptionCheck.AtLeast(nameof(bins), bins, 1);
        var label = Evaluator.Label(host, data.Schema, nameof(data), labelColumnName);
        var predicted = Evaluator.Predicted(host, data.Schema, nameof(data), predictedColumnName);
        var confidence = SchemaColumns.Find(host, data.Schema, nameof(data), "confidence", confidenceColumnName);
        if (confidence.Type != NumberDataViewType.Single)
            throw SchemaColumns.WrongType(host, nameof(data), "confidence", confidenceColumnName, "Single", $"{confidence.Type}");

        var judge = new RowJudge(chrFThreshold);
        using var cursor = data.GetRowCursor([label, predicted, confidence]);
        var references = Evaluator.References(cursor, label);
        var getPredicted = cursor.GetGetter<ReadOnlyMemory<char>>(predicted);
        var getConfidence = cursor.GetGetter<float>(confidence);
        ReadOnlyMemory<char> text = default;
        float value = 0;
        var rows = new List<(float, bool)>();
        int skipped = 0;
        while (cursor.MoveNext())
        {
            getConfidence(ref value);
            if (float.IsNaN(value))
            {
                skipped++;
                continue;
            }
            if (value is < 0 or > 1)
                throw new InvalidOperationException($"Column '{confidenceColumnName}' holds {value}; a confidence is 0 to 1, or NaN.");
            getPredicted(ref text);
            rows.Add((value, judge.IsRight(text.ToString(), references())));
        }
        return rows.Count > 0
            ? new ConfidenceMetrics(rows, skipped, bins)
            : throw new InvalidOperationException("There are no rows with a confidence to evaluate.");
    }

    private static List<ConfidenceRow> Rows(
        IHost host, Seq2SeqTransformer model, IDataView validation, string labelColumnName, RowJudge judge)
    {
        var label = Evaluator.Label(host, validation.Schema, nameof(validation), labelColumnName);
        var stage = model.Stage(validation.Schema);
        using var cursor = validation.GetRowCursor(stage.Read.Append(label).Distinct());
        var request = stage.Reader(cursor);
        var references = Evaluator.References(cursor, label);
        var rows = new List<ConfidenceRow>();
        List<(GenerationRequest Request, string[] References)> window = new(Window);
        while (cursor.MoveNext())
        {
            window.Add((request(), references()));
            if (window.Count == Window)
                Flush();
        }
        Flush();
        return rows;

        void Flush()
        {
            if (window.Count == 0)
                return;
            var generations = stage.Map([.. window.Select(row => row.Request)]);
            for (int i = 0; i < generations.Length; i++)
                // A row without an answer has no tokens, not even the end.
                if (generations[i].TokenScores is { Count: > 0 } scores)
                    rows.Add(new ConfidenceRow(scores.Sum(score => (double)score), scores.Count, judge.IsRight(generations[i].Text, window[i].References)));
            window.Clear();
        }
    }
}
