using Microsoft.ML;
using Microsoft.ML.Seq2Seq;

namespace Samples.Dates;

public partial class DateNormalizer
{
    /// <summary>How the model is trained. Free to change before it goes to <see cref="Train"/>.</summary>
    public static TrainingOptions DefaultTraining() => new()
    {
        MaxEpochs = 8,
        // Small batches: the rows are short, and many updates are what a short run lacks.
        TokensPerBatch = 512,
        LearningRate = 0.002,
        // Down to zero by the end: the last epochs are the best.
        Schedule = LearningRateSchedule.Cosine,
        // A date has one right answer: nothing to be gained by doubting it.
        LabelSmoothing = 0,
    };

    /// <summary>The trainer: characters and their frequent groups in, a date out.</summary>
    public static IEstimator<Seq2SeqTransformer> BuildPipeline(MLContext mlContext, IDataView? validationSet, TrainingOptions training)
        => mlContext.Seq2Seq.Trainers.Transformer(new TransformerTrainer.Options
        {
            SourceColumnName = nameof(ModelInput.Source),
            LabelColumnName = nameof(ModelInput.Target),
            ValidationSet = validationSet,
            // Capitals say nothing about a date.
            Tokenization = new SubwordOptions { VocabularySize = 1500, Lowercase = true },
            // Short texts and a simple task: two layers each way are enough and train twice as fast as four.
            Architecture = new TransformerArchitecture
            {
                ModelDimension = 128,
                Heads = 4,
                EncoderLayers = 2,
                DecoderLayers = 2,
                FeedForwardDimension = 256,
                Dropout = 0.05,
            },
            Training = training,
            // The right date is nearly certain at every step: a beam would find nothing else.
            Decoding = new DecodingOptions { Strategy = DecodingStrategy.Greedy, MaxLength = 16 },
        });

    /// <summary>Trains the model.</summary>
    public static Seq2SeqTransformer Train(
        MLContext mlContext, IDataView trainingSet, IDataView? validationSet, TrainingOptions training)
        => BuildPipeline(mlContext, validationSet, training).Fit(trainingSet);

    /// <summary>Saves the model where <see cref="Predict"/> looks for it.</summary>
    public static void SaveModel(MLContext mlContext, ITransformer model, IDataView data)
        => mlContext.Model.Save(model, data.Schema, ModelPath);
}
