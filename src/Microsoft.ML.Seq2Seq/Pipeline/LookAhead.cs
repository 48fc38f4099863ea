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
    private readonly IChannel _channel;
    private readonly IProgressChannel _progress;
    private readonly CancellationTokenSource _canceled = new();
    private readonly DataViewRowCursor _cursor;
    private readonly RequestReader _reader;
    private readonly TextGenerator _generator;
    private readonly DecodingOptions _options;
    private readonly List<GenerationRequest> _requests = [];
    private Generation[] _generations = [];
    private int _window = FirstWindow;
    private int _next;
    private long _decoded; // rows

    public LookAhead(IHost host, IDataView input, GenerationSchema schema, TextGenerator generator, DecodingOptions options)
    {
        _host = new HostSettings(host);
        _generator = generator;
        _options = options;
        _cursor = input.GetRowCursor(schema.Read);
        _reader = new RequestReader(_cursor, schema);
        _channel = host.Start("Prediction");
        _progress = host.StartProgressChannel("Prediction");
        double? rows = input.GetRowCount();
        _progress.SetHeader(new ProgressHeader(["rows"]), entry => entry.SetProgress(0, Interlocked.Read(ref _decoded), rows ?? double.NaN));
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

    public void Dispose()
    {
        _progress.Dispose();
        _channel.Dispose();
        _canceled.Dispose();
        _cursor.Dispose();
    }

    private void DecodeWindow()
    {
        HearTheHost();
        _canceled.Token.ThrowIfCancellationRequested();
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
        _generations = _generator.Generate(_requests, _options, decoded: OnDecoded, cancellation: _canceled.Token);
        _progress.Checkpoint((double)_decoded);
        // MLContext.Log hears channels alone.
        _channel.Trace(MessageSensitivity.None, "{0} rows predicted", _decoded);
        _next = 0;
        _window = Math.Min(LargestWindow, 4 * _window);
    }

    /// <summary>Comes from the threads that decode.</summary>
    private void OnDecoded(int rows)
    {
        Interlocked.Add(ref _decoded, rows);
        HearTheHost();
    }

    /// <summary>A host says when asked, and only then, whether it was canceled.</summary>
    private void HearTheHost()
    {
        if (_host.IsCanceled)
            _canceled.Cancel();
    }
}
