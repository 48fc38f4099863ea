using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>How a <see cref="Seq2SeqBatcher"/> gathers requests.</summary>
public sealed class Seq2SeqBatcherOptions
{
    /// <summary>Most requests that are decoded at a time; on a CPU the cores share them, and one that is done takes its part of
    /// the next ones at once. Default 64: more gain little on a CPU and make each other wait.</summary>
    public int MaxBatchSize { get; set; } = 64;

    /// <summary>How long the first request of a batch waits for others to join it. Default 2 milliseconds: less than it takes
    /// to decode one. Zero takes what is there. While a batch is being decoded the next one gathers anyway.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Most requests that wait to be taken into a batch; whoever comes then waits, asynchronously, for a place. Default
    /// 1,024: 16 full batches, some seconds of work.</summary>
    public int QueueCapacity { get; set; } = 1024;

    /// <summary>How to decode. Default null: the model's own way.</summary>
    public DecodingOptions? Decoding { get; set; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it, its value and
    /// what is allowed.</exception>
    public void Validate()
    {
        OptionCheck.AtLeast(nameof(MaxBatchSize), MaxBatchSize, 1);
        OptionCheck.That(MaxDelay >= TimeSpan.Zero && MaxDelay <= TimeSpan.FromMinutes(1), nameof(MaxDelay), MaxDelay, "0 to 1 minute");
        OptionCheck.AtLeast(nameof(QueueCapacity), QueueCapacity, 1);
        Decoding?.Validate();
    }
}
