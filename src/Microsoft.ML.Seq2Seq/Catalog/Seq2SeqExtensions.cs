using Microsoft.ML.Seq2Seq;

namespace Microsoft.ML;

/// <summary>Hangs sequence-to-sequence learning on <see cref="MLContext"/>.</summary>
public static class Seq2SeqExtensions
{
    extension(MLContext context)
    {
        /// <summary>Trainers and metrics for tasks that turn one text into another: translation, normalisation,
        /// spelling, pronunciation, summaries.</summary>
        public Seq2SeqCatalog Seq2Seq => new(context);
    }
}
