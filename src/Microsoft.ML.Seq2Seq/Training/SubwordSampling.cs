using Microsoft.ML.Seq2Seq.Batching;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Training rows that are cut into other subwords in every epoch (BPE-dropout, Provilkov et al. 2020). Batches are
/// planned by the usual subwords, so that every epoch has as many steps; a sampled row is a little longer.</summary>
/// <param name="Dropout">Probability that a merge is left out.</param>
/// <param name="Encode">The rows of an epoch, in the order of the usual ones; the same for the same epoch, so that a
/// resumed run reads what it read before.</param>
internal sealed record SubwordSampling(double Dropout, Func<int, EncodedPairs> Encode);
