using System.Runtime.InteropServices;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// softmax(QKᵀ/√d)V of one head of one sequence and its gradients, with dropout of the shares: on one thread, in memory that is
/// used again for the next head. The backward pass makes the shares anew and draws the same again, so that nothing of the size of
/// (queries × keys) is ever kept.
/// </summary>
internal sealed unsafe class HeadAttention : IDisposable
{
    private const int Block = 64; // queries at a time: their scores on a thousand keys are a quarter of a core's cache
    private const int Lanes = SmallProduct.Columns; // of a register

    private readonly int _dimension; // d
    private readonly int _row; // of d numbers and zeros behind
    private readonly float _scale;
    private readonly AttentionReach _reach;
    private readonly RotaryAngles? _angles;
    private readonly DropoutKernel? _dropout;
    private readonly float* _memory;
    private readonly float* _keys, _values, _keyGradients, _valueGradients; // (keys, row)
    private readonly float* _keysTransposed, _valuesTransposed; // (row, width)
    private readonly float* _queries, _results; // (Block, row); in the backward pass, gradients of the results, then of queries
    private readonly float* _shares, _dropped, _gradients; // (Block, width)
    private int _count; // of keys
    private int _width; // the same and zeros behind
    private bool _adds; // whether gradients of these keys were begun

    /// <param name="dimension">d</param>
    /// <param name="longest">Keys of the longest sequence.</param>
    /// <param name="bias">What positions do; its distances come with each head.</param>
    /// <param name="dropout">Of shares; null: none.</param>
    /// <param name="isBackward">Whether there is memory for gradients.</param>
    public HeadAttention(int dimension, int longest, TokenBias bias, DropoutKernel? dropout, bool isBackward)
    {
        (_dimension, _reach, _angles, _dropout) = (dimension, bias.Reach, bias.Angles, dropout);
        _row = RoundUp(dimension, SmallProduct.Columns);
        _scale = MathF.Pow(dimension, -0.5f);
        nint width = RoundUp(longest, Lanes), matrix = width * _row, block = Block * _row, scores = Block * width;
        nint total = 3 * matrix + 2 * block + scores + (isBackward ? 3 * matrix + 2 * scores : 0);
        _memory = (float*)NativeMemory.AlignedAlloc((nuint)(total * sizeof(float)), 64);
        float* next = _memory;
        float* Take(nint length) => (next += length) - length;
        _keys = Take(matrix);
        _values = Take(matrix);
        _keysTransposed = Take(matrix);
        _queries = Take(block);
        _results = Take(block);
        _shares = Take(scores);
        if (!isBackward)
            return;
        _valuesTransposed = Take(matrix);
        _keyGradients = Take(matrix);
        _valueGradients = Take(matrix);
        _dropped = Take(scores);
        _gradients = Take(scores);
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    /// <summary>What the heads to come attend to: one head, or those of a group, one after the other.</summary>
    public void Begin<T>(HeadRows keys, HeadRows values)
        where T : INumbers
    {
        (_count, _width, _adds) = (keys.Count, RoundUp(keys.Count, Lanes), false);
        Load<T>(keys, 0, _count, _keys, _width);
        _angles?.Turn(_keys, _row, 0, _count);
        Load<T>(values, 0, _count, _values, _width);
        SmallProduct.Transpose(_keys, _row, _keysTransposed, _width, _width, _row);
        if (_valuesTransposed is not null)
            SmallProduct.Transpose(_values, _row, _valuesTransposed, _width, _width, _row);
    }

    /// <summary>The results of one head.</summary>
    /// <param name="queries">Of the head.</param>
    /// <param name="results">Overwritten.</param>
    /// <param name="seed">Of dropout.</param>
    /// <param name="distances">Of the head.</param>
    public void Forward<T>(HeadRows queries, HeadRows results, ulong seed, HeadDistances distances)
        where T : INumbers
    {
        var draws = new DropoutDraws(seed);
        for (int start = 0; start < queries.Count; start += Block)
        {
            int count = Math.Min(Block, queries.Count - start);
            LoadQueries<T>(queries, start, count);
            for (int row = 0; row < count; row += SmallProduct.Rows)
            {
                var few = At(start, row, count);
                Share(few, distances);
                if (_dropout is { } dropout)
                    ShareKernel.Drop(_shares + few.At(_width), _width, few.Count, few.Columns, dropout, ref draws);
                Combine(_shares, few, _values);
            }
            results.Store<T>(start, count, _dimension, _results, _row);
        }
    }

    /// <summary>The gradients of one head; those by keys and values are added to what they are since <see cref="Begin"/>.</summary>
    /// <param name="queries">Of the head.</param>
    /// <param name="resultGradients">Of its results.</param>
    /// <param name="queryGradients">Overwritten.</param>
    /// <param name="seed">That of the forward pass.</param>
    /// <param name="distances">Of the head; their gradients are added to.</param>
    public void Backward<T>(HeadRows queries, HeadRows resultGradients, HeadRows queryGradients, ulong seed, HeadDistances distances)
        where T : INumbers
    {
        var draws = new DropoutDraws(seed);
        for (int start = 0; start < queries.Count; start += Block)
        {
            int count = Math.Min(Block, queries.Count - start);
            LoadQueries<T>(queries, start, count);
            Load<T>(resultGradients, start, count, _results, RoundUp(count, SmallProduct.Rows));
            for (int row = 0; row < count; row += SmallProduct.Rows)
                Differentiate(At(start, row, count), distances, ref draws);
            for (int key = 0; key < _count; key += SmallProduct.Rows)
            {
                int first = Math.Max(start, _reach.Queries(key, queries.Count).First);
                int end = Math.Min(start + count, _reach.Queries(Math.Min(key + SmallProduct.Rows, _count) - 1, queries.Count).End);
                int row = Math.Min(first - start, count), depth = Math.Max(0, end - first);
                if (depth == 0 && _adds)
                    continue; // out of the window
                SmallProduct.Multiply(_dropped + row * _width + key, 1, _width, _results + row * _row, _row, _valueGradients + key * _row, _row,
                    SmallProduct.Rows, _row, depth, _adds); // dV = Pᵀ dO, P with dropout
                SmallProduct.Multiply(_gradients + row * _width + key, 1, _width, _queries + row * _row, _row, _keyGradients + key * _row, _row,
                    SmallProduct.Rows, _row, depth, _adds); // dK = dSᵀ Q / √d
            }
            _adds = true;
            for (int row = 0; row < count; row += SmallProduct.Rows)
                Combine(_gradients, At(start, row, count), _keys); // dQ = dS K / √d, over dO
            _angles?.Turn(_results, _row, start, count, isBack: true);
            queryGradients.Store<T>(start, count, _dimension, _results, _row, _scale);
        }
    }

    /// <summary>The gradients by the keys and values of all heads since <see cref="Begin"/>.</summary>
    public void End<T>(HeadRows keyGradients, HeadRows valueGradients)
        where T : INumbers
    {
        _angles?.Turn(_keyGradients, _row, 0, _count, isBack: true);
        keyGradients.Store<T>(0, _count, _dimension, _keyGradients, _row);
        valueGradients.Store<T>(0, _count, _dimension, _valueGradients, _row);
    }

    /// <summary>Shares, dropped shares and gradients of scores of a few queries of a block.</summary>
    private void Differentiate(Few few, HeadDistances distances, ref DropoutDraws draws)
    {
        Share(few, distances);
        nint at = few.At(_width);
        SmallProduct.Multiply(_results + few.Row * _row, _row, 1, _valuesTransposed + few.First, _width, _gradients + at, _width,
            SmallProduct.Rows, few.Columns, _dimension, adds: false);
        ShareKernel.Differentiate(_shares + at, _dropped + at, _gradients + at, _width, few.Count, few.Columns, _dropout, ref draws);
        if (distances.Gradients != 0)
            for (int i = 0; i < few.Count; i++)
                ShareKernel.Add((float*)distances.Gradients + few.First - few.Query - i, _gradients + at + (nint)i * _width, few.End - few.First);
        for (int row = few.Row; row < few.Row + few.Count; row++)
        {
            // Products for keys read all queries of the block that see any of a few keys.
            Fill(_dropped + row * _width, 0, few.First, 0);
            Fill(_gradients + row * _width, 0, few.First, 0);
            Fill(_dropped + row * _width, few.First + few.Columns, _width, 0);
            Fill(_gradients + row * _width, few.First + few.Columns, _width, 0);
        }
    }

    /// <summary>The shares of a few queries, which add up to 1; zeros where one sees no key.</summary>
    private void Share(Few few, HeadDistances distances)
    {
        float* shares = _shares + few.At(_width);
        SmallProduct.Multiply(_queries + few.Row * _row, _row, 1, _keysTransposed + few.First, _width, shares, _width,
            SmallProduct.Rows, few.Columns, _dimension, adds: false);
        if (few.End == few.First)
            return;
        if (distances.Bias != 0)
            for (int i = 0; i < few.Count; i++)
                ShareKernel.Add(shares + (nint)i * _width, (float*)distances.Bias + few.First - few.Query - i, few.End - few.First);
        Hide(float.NegativeInfinity);
        VectorMath.Softmax(shares, SmallProduct.Rows, few.End - few.First, _width);
        Hide(0);

        void Hide(float value)
        {
            for (int i = 0; i < few.Count; i++)
            {
                var (first, end) = _reach.Keys(few.Query + i, _count);
                Fill(_shares + (few.Row + i) * _width, few.First, first, value);
                Fill(_shares + (few.Row + i) * _width, end, few.First + few.Columns, value);
            }
        }
    }

    /// <summary>Sums of rows of keys or values: (Block, width), (keys, row) → (Block, row)</summary>
    private void Combine(float* factors, Few few, float* rows) => SmallProduct.Multiply(
        factors + few.At(_width), _width, 1, rows + few.First * _row, _row, _results + few.Row * _row, _row,
        SmallProduct.Rows, _row, few.End - few.First, adds: false);

    /// <summary>Of a block's queries, those from a row on that are computed at once.</summary>
    private Few At(int start, int row, int count)
    {
        int few = Math.Min(SmallProduct.Rows, count - row), query = start + row;
        int first = _reach.Keys(query, _count).First & -Lanes, end = _reach.Keys(query + few - 1, _count).End;
        return new Few(row, query, few, first, end, RoundUp(end - first, Lanes));
    }

    private void LoadQueries<T>(HeadRows queries, int start, int count)
        where T : INumbers
    {
        Load<T>(queries, start, count, _queries, RoundUp(count, SmallProduct.Rows), _scale);
        _angles?.Turn(_queries, _row, start, count);
    }

    /// <summary>Rows of a head with zeros around them.</summary>
    private void Load<T>(HeadRows rows, int start, int count, float* to, int padded, float factor = 1)
        where T : INumbers
    {
        if (_dimension < _row)
            new Span<float>(to, padded * _row).Clear();
        else
            new Span<float>(to + count * _row, (padded - count) * _row).Clear();
        rows.Load<T>(start, count, _dimension, to, _row, factor);
    }

    private static void Fill(float* row, int from, int to, float value)
    {
        if (to > from)
            new Span<float>(row + from, to - from).Fill(value);
    }

    private static int RoundUp(int count, int step) => (count + step - 1) / step * step;

    /// <summary>Queries that are computed at once.</summary>
    /// <param name="Row">The first one's, of the block's.</param>
    /// <param name="Query">The same, of the sequence's.</param>
    /// <param name="Count">How many: <see cref="SmallProduct.Rows"/>, or at a block's end fewer.</param>
    /// <param name="First">At or before the first key that any of them sees: where a register begins.</param>
    /// <param name="End">The one after the last.</param>
    /// <param name="Columns">From the first to the end and the rest of a register.</param>
    private readonly record struct Few(int Row, int Query, int Count, int First, int End, int Columns)
    {
        /// <summary>Elements to the first column of the first row of a matrix that is so wide.</summary>
        public nint At(int width) => (nint)Row * width + First;
    }
}
