namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>What is added to the scores of one head by the distance of a key from a query, and its gradients: of both the place of
/// distance 0, others before and behind it; zero where there are none.</summary>
internal readonly record struct HeadDistances(nint Bias, nint Gradients);
