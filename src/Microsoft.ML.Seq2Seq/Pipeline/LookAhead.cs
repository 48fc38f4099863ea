using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>
/// Reads ahead of the rows that are asked for and hands a window of them to the stage together, so that rows of like
/// length share a batch. While one window is mapped and its results are taken, the next is read on another thread. Memory is
/// bounded by two windows, whatever the number of rows.
/// </summary>
internal sealed class LookAhead<TRequest, TResult> : IDisposable
{
    /// <summary>The window starts small, so that the first rows come soon, and quadruples up to a size at which
    /// sorting by length leaves next to no padding.</summary>
    private const int FirstWindow = 32, LargestWindow = 2048;

    /// <summary>A window of very long rows ends early.</summary>
    private const int LargestSize = 1 << 20;

    private readonly HostSettings _host;
    private readonly IChannel _channel;
    private readonly IProgressChannel _progress;
    private readonly CancellationTokenSource _canceled = new();
    private readonly RowStage<TRequest, TResult> _stage;
    private readonly DataViewRowCursor _cursor;
    private readonly Func<TRequest> _reader;
    private Task<List<TRequest>>? _reading; // of the next window; nobody else moves the cursor meanwhile
    private TResult[] _results = [];
    private int _window = FirstWindow;
    private bool _isAtEnd;
    private List<TRequest>? _unmapped; // kept until its results are there: who asks again after a failure gets them, not the next one's
    private int _next;
    private long _mapped; // rows
    private bool _isDisposed;

    public LookAhead(IHost host, IDataView input, RowStage<TRequest, TResult> stage)
    {
        _host = new HostSettings(host);
        _stage = stage;
        _cursor = input.GetRowCursor(stage.Read);
        _reader = stage.Reader(_cursor);
        _channel = host.Start("Prediction");
        _progress = host.StartProgressChannel("Prediction");
        double? rows = input.GetRowCount();
        _progress.SetHeader(new ProgressHeader(["rows"]), entry => entry.SetProgress(0, Interlocked.Read(ref _mapped), rows ?? double.NaN));
    }

    /// <summary>The result of the next row.</summary>
    /// <exception cref="OperationCanceledException">The host was canceled.</exception>
    /// <exception cref="InvalidOperationException">The source has fewer rows than it had for the caller's cursor.</exception>
    public TResult Next()
    {
        if (_next == _results.Length)
            MapWindow();
        return _results[_next++];
    }

    public void Dispose()
    {
        if (_isDisposed) // ML.NET lets a cursor be disposed twice
            return;
        _isDisposed = true;
        _canceled.Cancel(); // after the row under way
        // What it throws is nobody's concern any more.
        _reading?.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).Wait();
        _progress.Dispose();
        _channel.Dispose();
        _canceled.Dispose();
        _cursor.Dispose();
    }

    private void MapWindow()
    {
        HearTheHost();
        _canceled.Token.ThrowIfCancellationRequested();
        _unmapped ??= ReadWindow();
        _results = _stage.Map(_unmapped, OnMapped, _canceled.Token);
        _unmapped = null;
        _progress.Checkpoint((double)_mapped);
        // MLContext.Log hears channels alone.
        _channel.Trace(MessageSensitivity.None, "{0} rows predicted", _mapped);
        _next = 0;
    }

    /// <summary>The window that is wanted, and the one after it begun.</summary>
    private List<TRequest> ReadWindow()
    {
        var requests = _reading is null ? Read() : _reading.GetAwaiter().GetResult();
        if (requests.Count == 0)
            throw new InvalidOperationException(
                "The data gave fewer rows when it was read a second time. Data that differs between readings has to be cached first " +
                "(mlContext.Data.Cache).");
        _window = Math.Min(LargestWindow, 4 * _window);
        _reading = Task.Run(Read);
        return requests;
    }

    /// <summary>The next window; empty at the end.</summary>
    private List<TRequest> Read()
    {
        var requests = new List<TRequest>();
        int size = 0;
        while (!_isAtEnd && requests.Count < _window && size < LargestSize && !_canceled.IsCancellationRequested)
        {
            if (!_cursor.MoveNext())
            {
                _isAtEnd = true;
                break;
            }
            var request = _reader();
            requests.Add(request);
            size += _stage.SizeOf(request);
        }
        return requests;
    }

    /// <summary>Comes from the threads that work.</summary>
    private void OnMapped(int rows)
    {
        Interlocked.Add(ref _mapped, rows);
        HearTheHost();
    }

    /// <summary>A host says when asked, and only then, whether it was canceled.</summary>
    private void HearTheHost()
    {
        if (_host.IsCanceled)
            _canceled.Cancel();
    }
}
