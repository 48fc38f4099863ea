namespace Microsoft.ML.Seq2Seq.Tokenization;
internal static class SpecialTokens { public const int Pad = 0, Begin = 1, End = 2, Unknown = 3; }
