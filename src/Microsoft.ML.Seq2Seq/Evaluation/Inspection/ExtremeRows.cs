namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Keeps the rows with the lowest keys; of equal keys the earlier rows.</summary>
internal sealed class ExtremeRows(int most)
{
    // The one to give up first, of high key and late row, is at the front.
    private readonly PriorityQueue<TextRow, (double Key, long Row)> _rows =
        new(Comparer<(double Key, long Row)>.Create((a, b) => b.CompareTo(a)));

    public void Add(double key, TextRow row)
    {
        if (_rows.Count < most)
            _rows.Enqueue(row, (key, row.Number));
        else if (most > 0)
            _rows.EnqueueDequeue(row, (key, row.Number));
    }

    /// <summary>The rows kept, lowest key first.</summary>
    public IReadOnlyList<(double Key, TextRow Row)> InOrder() =>
        [.. _rows.UnorderedItems.OrderBy(item => item.Priority).Select(item => (item.Priority.Key, item.Element))];
}
