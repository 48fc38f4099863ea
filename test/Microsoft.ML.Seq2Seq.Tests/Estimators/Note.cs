namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

/// <summary>Acts on each report, on the thread that makes it.</summary>
internal sealed class Note<T>(Action<T> act) : IProgress<T>
{
    public void Report(T value) => act(value);
}
