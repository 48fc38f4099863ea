using System.Diagnostics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// Threads that share one product after the other, each taking panels as long as there are any: for a few rows and a large
/// matrix, where the time goes to reading memory and two cores read faster than one. A thread of the pool that comes late
/// finds nothing left: nobody waits for it to begin. Which thread computes a panel changes no bit of it.
/// </summary>
internal sealed unsafe class PanelTeam : IThreadPoolWorkItem
{
    /// <summary>More rows are worth so much arithmetic that whole sources are dealt out to threads instead.</summary>
    private const int MostRows = 8;

    /// <summary>A product with a smaller matrix is done before another thread has noticed.</summary>
    private const long LeastBytes = 1 << 20;

    /// <summary>What is taken at a time, in bytes.</summary>
    private const long ShareBytes = 1 << 17;

    /// <summary>How long a thread stays for the next product, which comes soon or never: 50 µs. To wake one costs as much.</summary>
    private static readonly long _patience = Stopwatch.Frequency / 20_000;

    private PackedMatrix _matrix = null!; // of the product under way, as is all that follows
    private void* _x;
    private void* _ranges;
    private float* _y;
    private float* _bias;
    private int _rows;
    private int _share;
    private Epilogue _epilogue;
    private long _open; // the product's number, and in the lower half the shares that nobody has taken
    private int _unfinished; // shares
    private int _helpers; // threads that are here

    /// <summary>Threads, the caller's included; 1: it computes alone.</summary>
    public int Threads { get; set; } = 1;

    /// <summary>Computes all panels. Returns when they are done.</summary>
    /// <param name="x">(rows, …) as the matrix reads them.</param>
    /// <param name="ranges">(rows) what else it has to know of them.</param>
    public void Multiply(PackedMatrix matrix, void* x, void* ranges, int rows, float* y, float* bias, Epilogue epilogue)
    {
        int panels = PackedMatrix.Padded(matrix.Outputs) / PackedMatrix.Panel;
        if (Threads == 1 || rows > MostRows || matrix.Bytes < LeastBytes)
        {
            matrix.MultiplyPanels(x, ranges, rows, y, bias, epilogue, 0, panels);
            return;
        }
        (_matrix, _rows, _epilogue) = (matrix, rows, epilogue);
        _x = x;
        _ranges = ranges;
        _y = y;
        _bias = bias;
        _share = (int)Math.Max(1, ShareBytes * panels / matrix.Bytes);
        int shares = (panels + _share - 1) / _share;
        _unfinished = shares;
        Volatile.Write(ref _open, ((_open >> 32) + 1 << 32) + shares);
        for (int i = 1 + Volatile.Read(ref _helpers); i < Threads; i++)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        Work();
        for (var wait = new SpinWait(); Volatile.Read(ref _unfinished) > 0;)
            wait.SpinOnce(sleep1Threshold: -1);
    }

    /// <summary>What a thread of the pool does: helps with this product and those that follow at once.</summary>
    public void Execute()
    {
        Interlocked.Increment(ref _helpers);
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetTimestamp() - start < _patience;)
        {
            if ((int)Volatile.Read(ref _open) > 0)
            {
                Work();
                start = Stopwatch.GetTimestamp();
            }
            Thread.SpinWait(10);
        }
        Interlocked.Decrement(ref _helpers);
    }

    /// <summary>Takes shares until none is left.</summary>
    private void Work()
    {
        for (long open = Volatile.Read(ref _open); (int)open > 0;)
        {
            // The product's number is compared too: a share that is taken is one of the product that the fields describe.
            long seen = Interlocked.CompareExchange(ref _open, open - 1, open);
            if (seen == open)
            {
                int first = ((int)open - 1) * _share;
                int last = Math.Min(first + _share, PackedMatrix.Padded(_matrix.Outputs) / PackedMatrix.Panel);
                _matrix.MultiplyPanels(_x, _ranges, _rows, _y, _bias, _epilogue, first, last);
                Interlocked.Decrement(ref _unfinished);
                seen = Volatile.Read(ref _open);
            }
            open = seen;
        }
    }
}
