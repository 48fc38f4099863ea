namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>A folder within those that a trainer's options name, for each of several runs of the same trainer: they would take
/// each other's checkpoints for their own. Whoever fits the trainer may know but the chain that it is in.</summary>
internal static class RunFolder
{
    private static readonly AsyncLocal<string?> _name = new();

    /// <summary>Runs something; whatever is fitted by it keeps its files in that folder.</summary>
    public static T Use<T>(string name, Func<T> fit)
    {
        string? before = _name.Value;
        _name.Value = before is null ? name : Path.Combine(before, name);
        try
        {
            return fit();
        }
        finally
        {
            _name.Value = before;
        }
    }

    /// <summary>The options with the present folder in theirs; they themselves where there is none.</summary>
    public static TrainingOptions Apply(TrainingOptions options)
    {
        if (_name.Value is not { } name)
            return options;
        var own = options.Clone();
        own.CheckpointDirectory = Within(own.CheckpointDirectory);
        own.TensorBoardDirectory = Within(own.TensorBoardDirectory);
        return own;

        string? Within(string? directory) => directory is null ? null : Path.Combine(directory, name);
    }
}
