using Microsoft.ML.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>Trainers of text pairs: <c>mlContext.Seq2Seq.Trainers</c>.</summary>
public sealed class Seq2SeqTrainers
{
    private readonly IHostEnvironment _environment;

    internal Seq2SeqTrainers(IHostEnvironment environment) => _environment = environment;

    /// <summary>Makes a trainer of an attention-based encoder-decoder (Vaswani et al. 2017).</summary>
    /// <param name="labelColumnName">Text to write.</param>
    /// <param name="sourceColumnName">Text to read.</param>
    /// <param name="maxEpochs">Most passes over the rows; training ends sooner where the validation loss stops falling.</param>
    /// <param name="validationSet">Rows to validate on; null holds out a tenth of the training rows.</param>
    /// <exception cref="ArgumentException">A name is empty or the number of epochs less than 1.</exception>
    public TransformerTrainer Transformer(
        string labelColumnName = DefaultNames.Label,
        string sourceColumnName = DefaultNames.Source,
        int maxEpochs = TrainingOptions.DefaultMaxEpochs,
        IDataView? validationSet = null) =>
        Transformer(new TransformerTrainer.Options
        {
            LabelColumnName = labelColumnName,
            SourceColumnName = sourceColumnName,
            Training = new TrainingOptions { MaxEpochs = maxEpochs },
            ValidationSet = validationSet,
        });

    /// <summary>Makes a trainer of an attention-based encoder-decoder (Vaswani et al. 2017).</summary>
    /// <param name="options">Copied.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it, its value and what is
    /// allowed.</exception>
    public TransformerTrainer Transformer(TransformerTrainer.Options options) => new(_environment, options);

    /// <summary>Makes a trainer of a recurrent encoder-decoder with attention (Bahdanau et al. 2015; Luong et al.
    /// 2015), the baseline that the Transformer replaced.</summary>
    /// <param name="labelColumnName">Text to write.</param>
    /// <param name="sourceColumnName">Text to read.</param>
    /// <param name="maxEpochs">Most passes over the rows; training ends sooner where the validation loss stops falling.</param>
    /// <param name="validationSet">Rows to validate on; null holds out a tenth of the training rows.</param>
    /// <exception cref="ArgumentException">A name is empty or the number of epochs less than 1.</exception>
    public RecurrentTrainer Recurrent(
        string labelColumnName = DefaultNames.Label,
        string sourceColumnName = DefaultNames.Source,
        int maxEpochs = TrainingOptions.DefaultMaxEpochs,
        IDataView? validationSet = null) =>
        Recurrent(new RecurrentTrainer.Options
        {
            LabelColumnName = labelColumnName,
            SourceColumnName = sourceColumnName,
            Training = new TrainingOptions { MaxEpochs = maxEpochs },
            ValidationSet = validationSet,
        });

    /// <summary>Makes a trainer of a recurrent encoder-decoder with attention (Bahdanau et al. 2015; Luong et al.
    /// 2015), the baseline that the Transformer replaced.</summary>
    /// <param name="options">Copied.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it, its value and what is
    /// allowed.</exception>
    public RecurrentTrainer Recurrent(RecurrentTrainer.Options options) => new(_environment, options);
}
