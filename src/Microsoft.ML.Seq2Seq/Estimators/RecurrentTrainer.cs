using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Estimators;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>
/// Trains a recurrent encoder-decoder with attention (Bahdanau et al. 2015; Luong et al. 2015) on pairs of texts: the
/// baseline that the Transformer replaced, on the same data, loop, search and file format.
/// </summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.Seq2Seq.Trainers.Recurrent(…)</c>.</para>
/// <para><b>Input and output columns</b></para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term>Source (input)</term><description>text: what to read; or a vector of keys made by
/// <see cref="SubwordEstimator"/></description></item>
/// <item><term>Target (label, needed to train only)</term><description>what to write: text where Source is text, keys
/// where it is keys</description></item>
/// <item><term>PredictedTarget (output)</term><description>the best hypothesis: text; or, where Target was keys, a vector
/// of the same keys, for <see cref="Microsoft.ML.Seq2SeqTextExtensions.JoinSubwords"/></description></item>
/// <item><term>Score (output)</term><description>float: its length-normalised log-probability</description></item>
/// </list>
/// <para><b>Estimator characteristics</b></para>
/// <list type="table">
/// <item><term>Machine learning task</term><description>sequence to sequence</description></item>
/// <item><term>Is normalization required?</term><description>no</description></item>
/// <item><term>Is caching required?</term><description>no: the rows are read once</description></item>
/// <item><term>Required NuGet in addition to Microsoft.ML</term><description>Microsoft.ML.Seq2Seq</description></item>
/// <item><term>Exportable to ONNX</term><description>no</description></item>
/// </list>
/// <para><b>Training algorithm details</b>: a subword vocabulary is learned from the training rows, unless
/// they come as keys: of <see cref="Seq2SeqTrainerOptions.Tokenization"/> only <see cref="SubwordOptions.Dropout"/>,
/// <see cref="SubwordOptions.MaximumTokens"/> and <see cref="SubwordOptions.OverflowPolicy"/> count then. A recurrent
/// encoder reads the source in both directions; a recurrent decoder writes the target one subword after another, each time
/// weighing the encoder's outputs s by its own state h: softmax(hᵀWs) (Luong) or softmax(vᵀtanh(Wh + Us)) (Bahdanau). What
/// one source position tells another n tokens away passes through n steps; in the Transformer it passes through one. The
/// label-smoothed cross-entropy of the next subword is minimised by Adam under a warm-up schedule, on batches of rows of
/// like length.
/// The weights with the lowest loss on the validation rows are kept.</para>
/// </remarks>
public sealed class RecurrentTrainer : IEstimator<Seq2SeqTransformer>
{
    private readonly IHost _host;
    private readonly Options _options;

    internal RecurrentTrainer(IHostEnvironment environment, Options options)
    {
        ArgumentNullException.ThrowIfNull(environment);
        OptionCheck.NotNull(nameof(options), options);
        options.Validate();
        _host = environment.Register(nameof(RecurrentTrainer));
        _options = options.Clone();
    }

    /// <summary>Everything that can be chosen. The trainer takes a copy.</summary>
    public sealed class Options : Seq2SeqTrainerOptions
    {
        /// <summary>The shape of the model. Default: <see cref="RecurrentArchitecture.Small"/>.</summary>
        public RecurrentArchitecture Architecture { get; set; } = new();

        /// <inheritdoc/>
        public override void Validate()
        {
            base.Validate();
            OptionCheck.NotNull(nameof(Architecture), Architecture);
            Architecture.Validate();
            CheckSharing(Architecture.ShareEmbeddings);
            OptionCheck.That(!Training.GradientCheckpointing, nameof(Training.GradientCheckpointing), true,
                "false for a recurrent model: its memory is that of its steps, which wait for each other");
            Decoding.ValidateAlignment(layers: 1, heads: 1);
        }

        internal Options Clone()
        {
            var clone = (Options)MemberwiseClone();
            clone.CloneParts();
            clone.Architecture = Architecture.Clone();
            return clone;
        }
    }

    /// <summary>Trains a model.</summary>
    /// <param name="input">Training rows: source and target. They are read once.</param>
    /// <returns>The trained model; dispose it, or the <see cref="PredictionEngine{TSrc, TDst}"/> that owns it, to free its
    /// weights at once.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">There are no rows to train on, or the loss stays infinite.</exception>
    /// <exception cref="IOException">The rows fit neither into memory nor into the folder for temporary files,
    /// <see cref="MLContext.TempFilePath"/>, or a folder of the options cannot be written to.</exception>
    /// <exception cref="OperationCanceledException">Canceled before a model was validated.</exception>
    public Seq2SeqTransformer Fit(IDataView input) => Fit(input, _options.ValidationSet);

    /// <summary>Trains a model and validates it on other rows than the options say.</summary>
    /// <param name="trainData">Training rows.</param>
    /// <param name="validationData">Validation rows with the same columns; null holds out
    /// <see cref="Seq2SeqTrainerOptions.ValidationFraction"/> of the training rows.</param>
    /// <inheritdoc cref="Fit(IDataView)"/>
    public Seq2SeqTransformer Fit(IDataView trainData, IDataView? validationData) =>
        new ModelFit(_host, _options, new ModelArchitecture { Recurrent = _options.Architecture }).Run(trainData, validationData);

    /// <summary>The columns after <see cref="Fit(IDataView)"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) =>
        TrainerColumns.GetOutputSchema(_host, inputSchema, _options);
}
