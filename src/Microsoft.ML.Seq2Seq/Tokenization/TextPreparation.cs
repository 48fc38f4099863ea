using System.Text;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>What is done to a text before it is cut: normalisation, then lower case. Part of a saved vocabulary, for
/// learning and encoding must agree.</summary>
internal readonly record struct TextPreparation(bool Lowercase, TextNormalization Normalization)
{
    // .NET without ICU (InvariantGlobalization) returns every string as it is.
    private static readonly bool _normalizes = "e\u0301".Normalize(NormalizationForm.FormC).Length == 1;

    /// <summary>Fails where the process can't normalise: the same text would silently become other tokens than on the
    /// machine that learned them.</summary>
    public void RequireSupport()
    {
        if (Normalization != TextNormalization.None && !_normalizes)
            throw new PlatformNotSupportedException(
                $"Normalization is {Normalization}, but this process runs without ICU (InvariantGlobalization) and can't normalise text; allowed here: None.");
    }

    public string Apply(string text)
    {
        if (Normalization != TextNormalization.None)
            text = Normalize(text, Normalization == TextNormalization.Nfc ? NormalizationForm.FormC : NormalizationForm.FormKC);
        return Lowercase ? text.ToLowerInvariant() : text;
    }

    /// <summary>string.Normalize refuses lone surrogates and U+FFFE: they stay, and what is between them is
    /// normalised.</summary>
    private static string Normalize(string text, NormalizationForm form)
    {
        int start = 0;
        StringBuilder? result = null;
        for (int i = 0; i < text.Length; i++)
        {
            if (Utf16.IsPair(text, i))
                i++;
            else if (char.IsSurrogate(text[i]) || text[i] == '\uFFFE')
            {
                result ??= new StringBuilder(text.Length);
                result.Append(text[start..i].Normalize(form)).Append(text[i]);
                start = i + 1;
            }
        }
        return result is null ? text.Normalize(form) : result.Append(text[start..].Normalize(form)).ToString();
    }
}
