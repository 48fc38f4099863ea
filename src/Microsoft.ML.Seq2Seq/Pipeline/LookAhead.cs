using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Interop;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>
/// Reads sources ahead of the rows that are asked for and decodes a window of them together, so that rows of like
/// length share a batch. Memory is bounded by the window, whatever the number of rows.
/// </summary>
internal sealed class LookAhead : IDisposable
{
    /// <summary>The window starts small, so that the first rows come soon, and quadruples up to a size at which
    /// sorting by length leaves next to no padding.</summary>
    private const int FirstWindow = 32, LargestWindow = 2048;

    /// <summary>A window of very long texts ends early.</summary>
    private const int MostCharacters = 1 << 20;

    private readonly HostSettings _host;
    private readonly DataViewRowCursor _cursor;
    private readonly RequestReader _reader;
    private readonly TextGenerator _generator;
    private readonly DecodingOptions _options;
    private readonly List<GenerationRequest> _requests = [];
    private Generation[] _generations = [];
    private int _window = FirstWindow;
    private int _next;

    public LookAhead(IHost host, IDataView input, GenerationSchema schema, TextGenerator generator, DecodingOptions options)
    {
        _host = new HostSettings(host);
        _generator = generator;
        _options = options;
        _cursor = input.GetRowCursor(schema.Read);
        _reader = new RequestReader(_cursor, schema);
    }

    /// <summary>The generation of the next row.</summary>
    /// <exception cref="OperationCanceledException">The host was canceled.</exception>
    /// <exception cref="InvalidOperationException">The source has fewer rows than it had for the caller's cursor.</exception>
    public Generation Next()
    {
        if (_next == _generations.Length)
            DecodeWindow();
        return _generations[_next++];
    }

    public void Dispose() => _cursor.Dispose();

    private void DecodeWindow()
    {
        if (_host.IsCanceled)
            throw new OperationCanceledException("Prediction was canceled.");
        _requests.Clear();
        int characters = 0;
        while (_requests.Count < _window && characters < MostCharacters && _cursor.MoveNext())
        {
            var request = _reader.Read();
            _requests.Add(request);
            characters += request.Source!.Length;
        }
        if (_requests.Count == 0)
            throw new InvalidOperationException(
                "The data gave fewer rows when it was read a second time. Data that differs between readings has to be cached first " +
                "(mlContext.Data.Cache).");
        _generations = _generator.Generate(_requests, _options);
        _next = 0;
        _window = Math.Min(LargestWindow, 4 * _window);
    }
}
