using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>Text to the token ids of a model and back: the two vocabularies, and what becomes of over-long text.</summary>
/// <param name="Source">Vocabulary of the source.</param>
/// <param name="Target">Vocabulary of the target; the same instance where they are shared.</param>
/// <param name="MaximumTokens">Longest text, in tokens.</param>
/// <param name="Overflow">What happens to a longer one.</param>
internal sealed record TextCodec(
    SubwordTokenizer Source, SubwordTokenizer Target, int MaximumTokens, OverflowPolicy Overflow)
{
    private readonly Lazy<TokenTexts> _targetTexts = new(() => TokenTexts.Of(Target));

    /// <summary>The ids of a source to predict from; empty where nothing is to be predicted: no text, or an over-long
    /// one that is not to be cut. A row must not stop the others, so nothing throws here.</summary>
    public int[] EncodeSource(string? text) => string.IsNullOrEmpty(text) ? [] : Limit(Source.Encode(text));

    /// <inheritdoc cref="EncodeSource(string)"/>
    public int[] EncodeSource(GenerationRequest request) =>
        request.SourceIds is { } ids ? Limit(ids) : EncodeSource(request.Source);

    /// <param name="options">Validated, and not to change any more.</param>
    public DecodingPlan Plan(DecodingOptions options) => new(options)
    {
        BannedPhrases = options.BannedPhrases.Count == 0 ? null : new PhraseFilter(options.BannedPhrases, _targetTexts.Value),
        AllowedTargets = options.AllowedTargets is { } targets ? new AllowedTexts(targets, Target) : null,
    };

    private int[] Limit(int[] ids) =>
        ids.Length <= MaximumTokens ? ids : Overflow == OverflowPolicy.Truncate ? ids[..MaximumTokens] : [];
}
