using System.Text.Json.Serialization;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>How a row's log-probability becomes the probability that the row is right.</summary>
public enum CalibrationMethod
{
    /// <summary>The one of the others that explains the validation rows better by the Bayesian information criterion
    /// (Schwarz 1978): a parameter more has to lower the negative log-likelihood by ½ ln(rows).</summary>
    Auto,

    /// <summary>P(row)^(1/T), where P(row) is the model's own probability of all that it wrote (temperature scaling, Guo et
    /// al. 2017, of whole sequences as in Kuleshov and Liang 2015): one parameter, which never changes the order of rows.
    /// Only what the model itself is unsure of lowers it, so it suits exact matches.</summary>
    Temperature,

    /// <summary>σ(a · ln P(row) + b · ln P(row) / tokens - c · ln(1 - P(row)) + d): Platt's sigmoid (1999) with both sides of
    /// P, as in beta calibration (Kull et al. 2017), so that the model's own probability is one of the formula's values. Up to four
    /// parameters: a, b and c are 0 or more, so that no row is trusted less for a higher P. It learns what length costs, and
    /// what rows are worth that may be right in many wordings.</summary>
    Logistic,
}

/// <summary>How sure a model may be of a row, learned from validation rows; it travels with the saved model. Natural
/// logarithms throughout.</summary>
public sealed record ConfidenceCalibration
{
    // A row whose probability rounds to 1 is still no certainty; this keeps the loss finite.
    private const double LeastDoubt = 1e-6;

    [JsonConstructor]
    internal ConfidenceCalibration()
    {
    }

    /// <summary>The column that confidences go to.</summary>
    public required string ColumnName { get; init; }

    /// <summary>The formula: <see cref="CalibrationMethod.Temperature"/> or <see cref="CalibrationMethod.Logistic"/>.</summary>
    public required CalibrationMethod Method { get; init; }

    /// <summary>What the row's log-probability is multiplied by: 1/T for <see cref="CalibrationMethod.Temperature"/>.</summary>
    public required double SumWeight { get; init; }

    /// <summary>What the log-probability a token is multiplied by; 0 for <see cref="CalibrationMethod.Temperature"/>.</summary>
    public required double MeanWeight { get; init; }

    /// <summary>What -ln(1 - P(row)) is multiplied by; 0 for <see cref="CalibrationMethod.Temperature"/>.</summary>
    public required double DoubtWeight { get; init; }

    /// <summary>What is added; 0 for <see cref="CalibrationMethod.Temperature"/>.</summary>
    public required double Bias { get; init; }

    /// <summary>Validation rows that it was learned from.</summary>
    public required int Rows { get; init; }

    /// <summary>How many of them were right.</summary>
    public required int RightRows { get; init; }

    /// <summary>Mean negative log-likelihood of those rows being right or wrong when the model's own probability is taken
    /// for the confidence.</summary>
    public required double LogLossBefore { get; init; }

    /// <summary>The same with this calibration.</summary>
    public required double LogLoss { get; init; }

    /// <summary>The model's own probability, uncalibrated.</summary>
    internal static ConfidenceCalibration None { get; } = new()
    {
        ColumnName = "",
        Method = CalibrationMethod.Temperature,
        SumWeight = 1,
        MeanWeight = 0,
        DoubtWeight = 0,
        Bias = 0,
        Rows = 0,
        RightRows = 0,
        LogLossBefore = double.NaN,
        LogLoss = double.NaN,
    };

    /// <exception cref="ArgumentException">A value is missing or out of range.</exception>
    internal void Validate()
    {
        OptionCheck.ColumnName(nameof(ColumnName), ColumnName);
        OptionCheck.That(Method is CalibrationMethod.Temperature or CalibrationMethod.Logistic, nameof(Method), Method,
            $"{CalibrationMethod.Temperature} or {CalibrationMethod.Logistic}");
        foreach (var (name, weight) in new[] { (nameof(SumWeight), SumWeight), (nameof(MeanWeight), MeanWeight), (nameof(DoubtWeight), DoubtWeight), (nameof(Bias), Bias) })
            OptionCheck.That(double.IsFinite(weight), name, weight, "a finite number");
    }

    /// <summary>The probability that a row is right.</summary>
    /// <param name="logProbability">Of all its tokens and the end; -∞ where nothing could be written.</param>
    /// <param name="tokens">How many they are, the end included.</param>
    internal double Of(double logProbability, int tokens)
    {
        if (!double.IsFinite(logProbability))
            return 0;
        var (sum, mean, doubt) = Features(logProbability, tokens);
        return Method == CalibrationMethod.Temperature
            ? Math.Exp(SumWeight * sum)
            : Sigmoid((SumWeight * sum) + (MeanWeight * mean) + (DoubtWeight * doubt) + Bias);
    }

    /// <summary>ln P, ln P / tokens and -ln(1 - P).</summary>
    internal static (double Sum, double Mean, double Doubt) Features(double logProbability, int tokens)
    {
        double sum = Math.Min(logProbability, -LeastDoubt);
        return (sum, sum / tokens, -Math.Log(1 - Math.Exp(sum)));
    }

    internal static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
