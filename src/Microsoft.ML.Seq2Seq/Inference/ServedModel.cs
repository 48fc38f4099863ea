using System.Collections.Concurrent;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Persistence;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>A model as it is kept for prediction.</summary>
internal abstract class ServedModel : IDisposable
{
    /// <summary>What its weights are kept in.</summary>
    public abstract InferencePrecision Precision { get; }

    /// <summary>The form for prediction: packed where it is a Transformer on a CPU. Takes the model over.</summary>
    public static ServedModel Of(SequenceModel model)
    {
        if (model is not TransformerModel transformer || transformer.OutputWeight.device_type != DeviceType.CPU)
            return new ServedModule(model);
        using (transformer)
            return PackedModel.Of(transformer, InferencePrecision.Float32);
    }

    /// <summary>Checks that the model can predict in a precision.</summary>
    /// <exception cref="NotSupportedException">It can't.</exception>
    public abstract void Require(InferencePrecision precision);

    /// <summary>What predicts.</summary>
    /// <param name="precision">One that the model can predict in.</param>
    public abstract IStepModel Predictor(InferencePrecision precision);

    /// <summary>A model of its own with the same weights, rounded.</summary>
    /// <exception cref="NotSupportedException">There is none.</exception>
    public abstract ServedModel Quantize(InferencePrecision precision);

    /// <summary>Its weights, to be written to a file.</summary>
    public abstract IReadOnlyList<TensorContent> Contents();

    public abstract void Dispose();
}

/// <summary>A module of libtorch: a recurrent model, or one on a GPU, or in training.</summary>
internal sealed class ServedModule(SequenceModel model) : ServedModel
{
    public override InferencePrecision Precision => InferencePrecision.Float32;

    /// <summary>What <see cref="Require"/> knows before there is a model.</summary>
    /// <exception cref="NotSupportedException">A module can't predict in the precision.</exception>
    public static void RequireSupport(InferencePrecision precision)
    {
        if (precision is not (InferencePrecision.Auto or InferencePrecision.Float32))
            throw new NotSupportedException(
                $"{nameof(DecodingOptions.Precision)} is {precision}; a recurrent model, and a model on a GPU, predict in " +
                $"{nameof(InferencePrecision.Float32)} only.");
    }

    public override void Require(InferencePrecision precision) => RequireSupport(precision);

    public override IStepModel Predictor(InferencePrecision precision) => model;

    public override ServedModel Quantize(InferencePrecision precision) => model is TransformerModel transformer
        ? PackedModel.Of(transformer, precision)
        : throw new NotSupportedException("Only Transformers can be quantised; this model is recurrent.");

    public override IReadOnlyList<TensorContent> Contents() => Weights.Contents(model);

    public override void Dispose() => model.Dispose();
}

/// <summary>A Transformer on the CPU: its weights are kept packed, once, and in other precisions that were asked for.</summary>
internal sealed class PackedModel : ServedModel
{
    private readonly TransformerArchitecture _architecture;
    private readonly StoredWeights _weights;
    private readonly ConcurrentDictionary<InferencePrecision, Lazy<PackedTransformer>> _predictors = new();

    /// <param name="weights">Packed here, unless they are already.</param>
    public PackedModel(TransformerArchitecture architecture, StoredWeights weights)
    {
        _architecture = architecture;
        _weights = weights;
        var model = new PackedTransformer(architecture, weights);
        _predictors[weights.Precision] = new(model);
    }

    public override InferencePrecision Precision => _weights.Precision;

    /// <summary>Of a trained model, which is left to the caller.</summary>
    public static PackedModel Of(TransformerModel trained, InferencePrecision precision) =>
        new((TransformerArchitecture)trained.Settings, StoredWeights.Of(trained, precision));

    public override void Require(InferencePrecision precision)
    {
    }

    public override IStepModel Predictor(InferencePrecision precision)
    {
        var chosen = Choose(precision);
        return _predictors.GetOrAdd(chosen, _ => new(() => new PackedTransformer(_architecture, _weights.In(chosen)))).Value;
    }

    public override ServedModel Quantize(InferencePrecision precision) =>
        new PackedModel(_architecture, _weights.In(precision));

    public override IReadOnlyList<TensorContent> Contents() => _weights.Contents();

    public override void Dispose() => _predictors.Clear();

    /// <summary>The one place where a precision is chosen: the model's own, which rounds nothing. But integers that this
    /// machine has no instructions for are slower than the same weights as floating-point numbers.</summary>
    private InferencePrecision Choose(InferencePrecision precision) =>
        precision != InferencePrecision.Auto ? precision
        : Precision == InferencePrecision.Int8 && !Int8Matrix.IsFast ? InferencePrecision.Float32
        : Precision;
}
