namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Which keys a query sees: all of a sequence, those near by, none that come later.</summary>
/// <param name="Window">Tokens to either side; null: all.</param>
/// <param name="IsCausal">A query sees no later key.</param>
internal readonly record struct AttentionReach(int? Window, bool IsCausal)
{
    /// <summary>The keys that a query sees: the first, and the one after the last.</summary>
    public (int First, int End) Keys(int query, int keys) => (
        Window is { } window ? Math.Max(0, query - window) : 0,
        Math.Min(keys, IsCausal ? query + 1 : Window is { } reach ? query + reach + 1 : keys));

    /// <summary>The queries that see a key: the first, and the one after the last.</summary>
    public (int First, int End) Queries(int key, int queries) => (
        IsCausal ? key : Window is { } window ? Math.Max(0, key - window) : 0,
        Math.Min(queries, Window is { } reach ? key + reach + 1 : queries));
}
