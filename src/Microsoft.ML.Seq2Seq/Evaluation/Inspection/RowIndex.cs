namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>The first row of each hash, in 12 bytes a place: an open-addressed table. Past its limit it takes no new hashes
/// and goes on to find the old ones.</summary>
internal sealed class RowIndex(int mostHashes = RowIndex.MostHashes)
{
    /// <summary>Three quarters of 2^24 places: 200 MB, and 600 MB for a moment when the table grows to that.</summary>
    public const int MostHashes = 3 << 22;

    private ulong[] _hashes = new ulong[1024];
    private uint[] _rows = new uint[1024];     // 0: free

    public int Count { get; private set; }

    /// <summary>Whether some hash was not taken.</summary>
    public bool IsFull { get; private set; }

    /// <summary>The first row with a hash, counted from 1; 0 where there is none.</summary>
    public uint Find(ulong hash) => _rows[Place(hash)];

    /// <summary>Takes a hash that is new.</summary>
    /// <param name="row">Counted from 1.</param>
    /// <returns>The first row with that hash, or 0 where this is the first.</returns>
    public uint FindOrAdd(ulong hash, long row)
    {
        int place = Place(hash);
        if (_rows[place] != 0)
            return _rows[place];
        if (Count >= mostHashes || row > uint.MaxValue)
        {
            IsFull = true;
            return 0;
        }
        _hashes[place] = hash;
        _rows[place] = (uint)row;
        if (++Count > _rows.Length / 4 * 3)
            Grow();
        return 0;
    }

    private int Place(ulong hash)
    {
        int mask = _rows.Length - 1;
        int place = (int)hash & mask;
        while (_rows[place] != 0 && _hashes[place] != hash)
            place = (place + 1) & mask;
        return place;
    }

    private void Grow()
    {
        var (hashes, rows) = (_hashes, _rows);
        _hashes = new ulong[hashes.Length * 2];
        _rows = new uint[rows.Length * 2];
        for (int i = 0; i < rows.Length; i++)
        {
            if (rows[i] == 0)
                continue;
            int place = Place(hashes[i]);
            (_hashes[place], _rows[place]) = (hashes[i], rows[i]);
        }
    }
}
