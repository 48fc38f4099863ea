using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>A metric of <see cref="Seq2SeqMetrics"/>.</summary>
public enum EvaluationMetric
{
    /// <summary><see cref="Seq2SeqMetrics.Bleu"/>.</summary>
    Bleu,

    /// <summary><see cref="Seq2SeqMetrics.ChrF"/>.</summary>
    ChrF,

    /// <summary><see cref="Seq2SeqMetrics.ChrFPlusPlus"/>.</summary>
    ChrFPlusPlus,

    /// <summary><see cref="Seq2SeqMetrics.Ter"/>.</summary>
    Ter,

    /// <summary><see cref="Seq2SeqMetrics.WordErrorRate"/>.</summary>
    WordErrorRate,

    /// <summary><see cref="Seq2SeqMetrics.CharacterErrorRate"/>.</summary>
    CharacterErrorRate,

    /// <summary><see cref="Seq2SeqMetrics.ExactMatch"/>.</summary>
    ExactMatch,

    /// <summary><see cref="Seq2SeqMetrics.Rouge1"/>.</summary>
    Rouge1,

    /// <summary><see cref="Seq2SeqMetrics.Rouge2"/>.</summary>
    Rouge2,

    /// <summary><see cref="Seq2SeqMetrics.RougeL"/>.</summary>
    RougeL,
}

/// <summary>How a p-value is found.</summary>
public enum SignificanceTest
{
    /// <summary>Paired approximate randomization (Riezler and Maxwell 2005): how often two systems differ as much when a
    /// coin decides, row by row, which of the two outputs is whose.</summary>
    ApproximateRandomization,

    /// <summary>The paired bootstrap (Koehn 2004): how far the difference strays when the rows are drawn anew. Less
    /// reliable for small differences.</summary>
    PairedBootstrap,
}

/// <summary>How scores are put to the test. The defaults are sacreBLEU's.</summary>
public sealed class SignificanceOptions
{
    /// <summary>The metric. Default <see cref="EvaluationMetric.Bleu"/>.</summary>
    public EvaluationMetric Metric { get; set; } = EvaluationMetric.Bleu;

    /// <summary>The metric's own options. Default null: the defaults of <see cref="EvaluationOptions"/>.</summary>
    public EvaluationOptions? Evaluation { get; set; }

    /// <summary>How the p-value is found. Default <see cref="SignificanceTest.ApproximateRandomization"/>, the more
    /// reliable.</summary>
    public SignificanceTest Test { get; set; } = SignificanceTest.ApproximateRandomization;

    /// <summary>Trials of <see cref="SignificanceTest.ApproximateRandomization"/>. Default 10,000: no p-value is smaller
    /// than 1 / (trials + 1).</summary>
    public int Trials { get; set; } = 10_000;

    /// <summary>Times that the rows are drawn anew for the interval, and for
    /// <see cref="SignificanceTest.PairedBootstrap"/>. Default 1,000.</summary>
    public int Resamples { get; set; } = 1_000;

    /// <summary>Whether a trial that comes out exactly as far apart as the systems counts against the difference. It should:
    /// otherwise two systems that differ in three rows only get a p-value near 0. Default null: yes, but for BLEU, chrF and
    /// TER no, as sacreBLEU has it; there ties are rare unless few rows differ.</summary>
    public bool? CountTies { get; set; }

    /// <summary>Seed of the random draws: the same seed gives the same result. Default 12345.</summary>
    public int Seed { get; set; } = 12345;

    internal bool TiesCount => CountTies ?? Metric is not (EvaluationMetric.Bleu or EvaluationMetric.ChrF
        or EvaluationMetric.ChrFPlusPlus or EvaluationMetric.Ter);

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it, its value and
    /// what is allowed.</exception>
    public void Validate()
    {
        OptionCheck.Defined(nameof(Metric), Metric);
        OptionCheck.Defined(nameof(Test), Test);
        OptionCheck.AtLeast(nameof(Trials), Trials, 1);
        OptionCheck.AtLeast(nameof(Resamples), Resamples, 1);
        Evaluation?.Validate();
    }
}
