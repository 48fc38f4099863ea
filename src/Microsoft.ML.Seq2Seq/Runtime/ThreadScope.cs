namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>libtorch's number of threads for the calling thread, for as long as the scope lives.</summary>
internal sealed class ThreadScope : IDisposable
{
    private readonly int _before = ThreadSetting.Count;
    private readonly bool _changed;

    /// <param name="threads">Null leaves the setting alone.</param>
    public ThreadScope(int? threads)
    {
        if (threads is not { } count || count == _before)
            return;
        ThreadSetting.Set(count);
        _changed = true;
    }

    public void Dispose()
    {
        if (_changed)
            ThreadSetting.Set(_before);
    }
}
