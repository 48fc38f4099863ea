using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>Gives a text piece by piece, as soon as its beginning is sure.</summary>
internal static class TextStream
{
    /// <summary>The pieces, joined, are the text that <see cref="TextGenerator.Generate"/> gives; none ends within a
    /// character. With a beam a piece comes once all hypotheses that can still win agree on it.</summary>
    /// <param name="generator">The model.</param>
    /// <param name="source">What to read.</param>
    /// <param name="plan">How to decode.</param>
    /// <param name="cancellation">Stops the search, as does leaving the enumeration.</param>
    public static async IAsyncEnumerable<string> Generate(
        TextGenerator generator, string source, DecodingPlan plan, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pieces = Channel.CreateUnbounded<string>();
        var search = Task.Run(() => Write(generator, source, plan, pieces.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach (string piece in pieces.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
                yield return piece;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await search.ConfigureAwait(false);
        }
    }

    /// <summary>Its failure reaches the reader through the channel.</summary>
    private static void Write(
        TextGenerator generator, string source, DecodingPlan plan, ChannelWriter<string> pieces, CancellationToken stop)
    {
        int written = 0;
        try
        {
            string text = generator.Generate([new GenerationRequest(source)], plan, OnSettled, cancellation: stop)[0].Text;
            WriteUpTo(text, text.Length);
            pieces.Complete();
        }
        catch (Exception e)
        {
            pieces.Complete(e);
        }

        void OnSettled(int row, int[] tokens)
        {
            string text = plan.AllowedTargets?.All.Beginning(tokens).ToString() ?? generator.Codec.Target.Decode(tokens);
            // Bytes of a character that is not complete yet are decoded as replacement characters.
            int complete = text.AsSpan().TrimEnd('\uFFFD').Length;
            if (complete > 0 && char.IsHighSurrogate(text[complete - 1]))
                complete--;
            WriteUpTo(text, complete);
        }

        void WriteUpTo(string text, int length)
        {
            if (length <= written)
                return;
            pieces.TryWrite(text[written..length]);
            written = length;
        }
    }
}
