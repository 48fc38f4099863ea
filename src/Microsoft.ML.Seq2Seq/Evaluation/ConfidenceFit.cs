namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>What a confidence is made of, and what it should foretell.</summary>
/// <param name="LogProbability">Of all tokens of the row and the end.</param>
/// <param name="Tokens">How many they are.</param>
/// <param name="IsRight">Whether the row is what it should be.</param>
internal readonly record struct ConfidenceRow(double LogProbability, int Tokens, bool IsRight);

/// <summary>Fits calibrations by maximum likelihood: deterministic, in double precision.</summary>
internal static class ConfidenceFit
{
    private const double Smallest = 1e-15; // a probability that the log-loss still tells from 0
    private const double Pull = 1e-3; // of standardised weights to 0, makes the answer unique where features say the same
    private const double WeightPull = 1e-4; // of the weights as they are
    private const double DoubtPull = 1; // of that of the doubt

    /// <param name="rows">Right and wrong ones.</param>
    /// <param name="method">How.</param>
    /// <param name="columnName">Of the calibration.</param>
    public static ConfidenceCalibration Fit(IReadOnlyList<ConfidenceRow> rows, CalibrationMethod method, string columnName)
    {
        var empty = ConfidenceCalibration.None with
        {
            ColumnName = columnName,
            Rows = rows.Count,
            RightRows = rows.Count(row => row.IsRight),
            LogLossBefore = LogLoss(ConfidenceCalibration.None, rows),
        };
        var temperature = method == CalibrationMethod.Logistic ? null : Measured(Temperature(empty, rows), rows);
        var logistic = method == CalibrationMethod.Temperature ? null : Measured(Logistic(empty, rows), rows);
        if (temperature is null || logistic is null)
            return temperature ?? logistic!;
        int more = new[] { logistic.SumWeight, logistic.MeanWeight, logistic.DoubtWeight }.Count(weight => weight > 0); // parameters
        double price = more * 0.5 * Math.Log(rows.Count);
        return rows.Count * (temperature.LogLoss - logistic.LogLoss) > price ? logistic : temperature;
    }

    /// <summary>Mean negative log-likelihood.</summary>
    public static double LogLoss(ConfidenceCalibration calibration, IReadOnlyList<ConfidenceRow> rows) => rows.Average(row =>
    {
        double confidence = calibration.Of(row.LogProbability, row.Tokens);
        return -Math.Log(Math.Max(Smallest, row.IsRight ? confidence : 1 - confidence));
    });

    private static ConfidenceCalibration Measured(ConfidenceCalibration calibration, IReadOnlyList<ConfidenceRow> rows) =>
        calibration with { LogLoss = LogLoss(calibration, rows) };

    /// <summary>The likelihood of P^β is concave in β = 1/T, so its slope has one zero: found by bisection of ln β.</summary>
    private static ConfidenceCalibration Temperature(ConfidenceCalibration empty, IReadOnlyList<ConfidenceRow> rows)
    {
        double low = Math.Log(1e-6), high = Math.Log(1e6);
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2, beta = Math.Exp(middle);
            double slope = 0; // Σ s over right rows, -Σ s · P^β / (1 - P^β) over wrong ones
            foreach (var row in rows)
            {
                double s = ConfidenceCalibration.Features(row.LogProbability, row.Tokens).Sum;
                slope += row.IsRight ? s : -s / (Math.Exp(-beta * s) - 1);
            }
            if (slope > 0)
                low = middle;
            else
                high = middle;
        }
        return empty with { SumWeight = Math.Exp((low + high) / 2) };
    }

    /// <summary>Logistic regression on standardised features. Platt's targets, a little short of 0 and 1, keep it finite where
    /// a threshold separates right from wrong. A feature of negative weight is left out and the rest fitted anew, as in beta
    /// calibration: a surer row is never trusted less. Where a feature is much the same in all rows, a little of chance makes a
    /// large weight, and rows unlike these would be sure or hopeless for no reason: above all the doubt, which is nearly 0 wherever
    /// P is small. So the weights are pulled to 0 as they are, too, and rows that tell more outweigh that.</summary>
    private static ConfidenceCalibration Logistic(ConfidenceCalibration empty, IReadOnlyList<ConfidenceRow> rows)
    {
        double right = (empty.RightRows + 1.0) / (empty.RightRows + 2.0), wrong = 1.0 / (rows.Count - empty.RightRows + 2.0);
        double[] targets = [.. rows.Select(row => row.IsRight ? right : wrong)];
        var features = rows.Select(row => ConfidenceCalibration.Features(row.LogProbability, row.Tokens)).ToArray();
        Feature[] all =
        [
            new(features.Select(row => row.Sum), WeightPull), new(features.Select(row => row.Mean), WeightPull),
            new(features.Select(row => row.Doubt), DoubtPull),
        ];
        double[] weights = Newton(all, targets);
        while (weights[..^1].Min() is < 0 and var least)
        {
            all[Array.IndexOf(weights, least)] = new(new double[rows.Count], pull: 0);
            weights = Newton(all, targets);
        }
        double[] raw = [.. all.Select((feature, j) => weights[j] / feature.Scale)];
        return empty with
        {
            Method = CalibrationMethod.Logistic,
            SumWeight = raw[0],
            MeanWeight = raw[1],
            DoubtWeight = raw[2],
            Bias = weights[^1] - all.Select((feature, j) => raw[j] * feature.Mean).Sum(),
        };
    }

    /// <summary>The weights of the features, and last what is added, that make the targets most likely.</summary>
    private static double[] Newton(Feature[] features, double[] targets)
    {
        int bias = features.Length;
        double[] weights = new double[bias + 1];
        double objective = Objective(weights);
        for (int i = 0; i < 100; i++)
        {
            double[] step = Step(weights);
            double length = 1, next;
            double[] tried;
            do
            {
                tried = [.. weights.Select((weight, j) => weight + (length * step[j]))];
                next = Objective(tried);
                length /= 2;
            }
            while (next > objective && length > 1e-6);
            if (next > objective)
                break;
            bool isDone = objective - next <= 1e-12 * Math.Max(1, objective);
            (weights, objective) = (tried, next);
            if (isDone)
                break;
        }
        return weights;

        double X(int row, int j) => j == bias ? 1 : features[j].Values[row];

        double Logit(double[] w, int row)
        {
            double logit = 0;
            for (int j = 0; j <= bias; j++)
                logit += w[j] * X(row, j);
            return logit;
        }

        // Negative log-likelihood and pulls.
        double Objective(double[] w)
        {
            double loss = features.Select((feature, j) => feature.Pull * w[j] * w[j] / 2).Sum();
            for (int row = 0; row < targets.Length; row++)
            {
                double logit = Logit(w, row);
                loss += Math.Max(logit, 0) + Math.Log(1 + Math.Exp(-Math.Abs(logit))) - (targets[row] * logit);
            }
            return loss;
        }

        double[] Step(double[] w)
        {
            double[,] system = new double[bias + 1, bias + 2]; // Hessian | -gradient
            for (int j = 0; j < bias; j++)
            {
                system[j, j] = features[j].Pull;
                system[j, bias + 1] = -features[j].Pull * w[j];
            }
            for (int row = 0; row < targets.Length; row++)
            {
                double probability = ConfidenceCalibration.Sigmoid(Logit(w, row));
                for (int j = 0; j <= bias; j++)
                {
                    system[j, bias + 1] += (targets[row] - probability) * X(row, j);
                    for (int k = 0; k <= bias; k++)
                        system[j, k] += probability * (1 - probability) * X(row, j) * X(row, k);
                }
            }
            return Solve(system);
        }
    }

    /// <summary>Values with mean 0 and variance 1, and how they were made.</summary>
    private sealed class Feature
    {
        /// <param name="values">One a row.</param>
        /// <param name="pull">Of the weight of the values as they are to 0.</param>
        public Feature(IEnumerable<double> values, double pull)
        {
            double[] raw = [.. values];
            Mean = raw.Average();
            double deviation = Math.Sqrt(raw.Average(value => (value - Mean) * (value - Mean)));
            Scale = deviation > 0 ? deviation : 1;
            Values = [.. raw.Select(value => (value - Mean) / Scale)];
            Pull = ConfidenceFit.Pull + (pull / (Scale * Scale));
        }

        public double[] Values { get; }

        public double Mean { get; }

        public double Scale { get; }

        /// <summary>Of the standardised weight to 0.</summary>
        public double Pull { get; }
    }

    /// <summary>Gauss-Jordan elimination of a positive definite system.</summary>
    private static double[] Solve(double[,] system)
    {
        int n = system.GetLength(0);
        for (int pivot = 0; pivot < n; pivot++)
        {
            for (int row = 0; row < n; row++)
            {
                if (row == pivot)
                    continue;
                double factor = system[row, pivot] / system[pivot, pivot];
                for (int column = pivot; column <= n; column++)
                    system[row, column] -= factor * system[pivot, column];
            }
        }
        return [.. Enumerable.Range(0, n).Select(row => system[row, n] / system[row, row])];
    }
}
