using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>One product after the other, the panels of each shared out to a team where that is worth it. Which thread computes
/// a panel changes no bit of it.</summary>
internal sealed unsafe class PanelProduct
{
    /// <summary>In bytes of weights that one row reads. A smaller product, of some 5 µs, is hardly faster shared: threads take a
    /// microsecond to agree.</summary>
    private const long LeastWork = 1 << 19;

    /// <summary>What is taken at a time: little enough that nobody waits long for the last one to be done.</summary>
    private const long Share = 1 << 19;

    /// <summary>Panels of which the outputs are still in the first-level cache when they are summed up.</summary>
    private const int SummarizedTogether = 8;

    private readonly Action<int> _computeShare;
    private PackedMatrix _matrix = null!; // of the product under way, as is all that follows
    private void* _x;
    private void* _ranges;
    private float* _y;
    private float* _bias;
    private int _rows;
    private int _panels;
    private int _shares;
    private Epilogue _epilogue;

    public PanelProduct() => _computeShare = ComputeShare;

    /// <summary>Where a product with <see cref="Epilogue.StoreAndSummarize"/> is summed up.</summary>
    public LogitSummary Summary { get; set; }

    /// <summary>Computes all panels.</summary>
    /// <param name="x">(rows, …) as the matrix reads them.</param>
    /// <param name="ranges">(rows) what else it has to know of them.</param>
    public void Compute(Team team, PackedMatrix matrix, void* x, void* ranges, int rows, float* y, float* bias, Epilogue epilogue)
    {
        _panels = PackedMatrix.Padded(matrix.Outputs) / PackedMatrix.Panel;
        // A row more costs its arithmetic, about half of what the first one spends on reading the weights.
        long work = matrix.Bytes * (rows + 1) / 2;
        (_matrix, _rows, _epilogue) = (matrix, rows, epilogue);
        _x = x;
        _ranges = ranges;
        _y = y;
        _bias = bias;
        if (team.Threads == 1 || work < LeastWork)
        {
            ComputePanels(0, _panels);
            return;
        }
        _shares = (int)Math.Min(_panels, Math.Max(2 * team.Threads, work / Share));
        team.Share(_shares, _computeShare);
    }

    private void ComputeShare(int share) =>
        ComputePanels((int)((long)_panels * share / _shares), (int)((long)_panels * (share + 1) / _shares));

    private void ComputePanels(int first, int last)
    {
        if (_epilogue != Epilogue.StoreAndSummarize)
        {
            _matrix.MultiplyPanels(_x, _ranges, _rows, _y, _bias, _epilogue, first, last);
            return;
        }
        for (int panel = first; panel < last; panel += SummarizedTogether)
        {
            int end = Math.Min(panel + SummarizedTogether, last);
            _matrix.MultiplyPanels(_x, _ranges, _rows, _y, _bias, _epilogue, panel, end);
            Summary.Add(_y, _rows, panel, end);
        }
    }
}
