using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>
/// Reads ahead of the rows that are asked for and hands a window of them to the stage together, so that rows of like
/// length share a batch. Memory is bounded by the window, whatever the number of rows.
/// </summary>
internal sealed class LookAhead<TRequest, TResult> : IDisposable
{
    /// <summary>The window starts small, so that the first rows come soon, and quadruples up to a size at which
    /// sorting by length leaves next to no padding.</summary>
    private const int FirstWindow = 32, LargestWindow = 2048;

    /// <summary>A window of very long rows ends early.</summary>
    private const int LargestSize = 1 << 20;

    private readonly HostSettings _host;
    private readonly RowStage<TRequest, TResult> _stage;
    private readonly DataViewRowCursor _cursor;
    private readonly Func<TRequest> _reader;
    private readonly List<TRequest> _requests = [];
    private TResult[] _results = [];
    private int _window = FirstWindow;
    private int _next;

    public LookAhead(IHost host, IDataView input, RowStage<TRequest, TResult> stage)
    {
        _host = new HostSettings(host);
        _stage = stage;
        _cursor = input.GetRowCursor(stage.Read);
        _reader = stage.Reader(_cursor);
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

    public void Dispose() => _cursor.Dispose();

    private void MapWindow()
    {
        if (_host.IsCanceled)
            throw new OperationCanceledException("Prediction was canceled.");
        _requests.Clear();
        int size = 0;
        while (_requests.Count < _window && size < LargestSize && _cursor.MoveNext())
        {
            var request = _reader();
            _requests.Add(request);
            size += _stage.SizeOf(request);
        }
        if (_requests.Count == 0)
            throw new InvalidOperationException(
                "The data gave fewer rows when it was read a second time. Data that differs between readings has to be cached first " +
                "(mlContext.Data.Cache).");
        _results = _stage.Map(_requests);
        _next = 0;
        _window = Math.Min(LargestWindow, 4 * _window);
    }
}
