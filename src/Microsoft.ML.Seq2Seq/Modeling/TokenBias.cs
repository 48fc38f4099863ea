using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>What <see cref="TokenAttention"/> is told of the positions in one stack of layers.</summary>
/// <param name="Reach">Which keys a query sees.</param>
/// <param name="Angles">Turn queries and keys; null: nothing does.</param>
/// <param name="Distances">(H, Q + K - 1) added to the scores, by the distance of the key from the query, from 1 - Q on; null: nothing is.</param>
internal sealed record TokenBias(AttentionReach Reach, RotaryAngles? Angles = null, Tensor? Distances = null);
