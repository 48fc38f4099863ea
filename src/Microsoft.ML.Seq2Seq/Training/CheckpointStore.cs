using System.Globalization;
using Microsoft.ML.Seq2Seq.Persistence;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>The checkpoints of a folder: the newest few are kept, and a run goes on from the newest.</summary>
internal sealed class CheckpointStore
{
    private const string Prefix = "step-", Extension = ".checkpoint";

    private readonly string _directory;
    private readonly TrainingOptions _options;
    private bool _isForeign; // what lies there belongs to a run that this one does not continue

    private CheckpointStore(string directory, TrainingOptions options)
    {
        _directory = directory;
        _options = options;
        Directory.CreateDirectory(directory);
        // What a killed process left half-written.
        foreach (string file in AtomicFile.LeftBehind(directory, Prefix + "*" + Extension))
            File.Delete(file);
    }

    /// <summary>Null where the options ask for no checkpoints.</summary>
    public static CheckpointStore? Create(TrainingOptions options) =>
        options.CheckpointDirectory is { } directory ? new CheckpointStore(directory, options) : null;

    /// <summary>The seed of the run that training will continue: what is drawn before training, such as a split of the
    /// rows, has to be drawn as then. Null where it starts anew.</summary>
    /// <exception cref="InvalidDataException">The newest checkpoint is damaged.</exception>
    public static int? FindSeed(TrainingOptions options)
    {
        if (options.Resume == ResumeMode.Never || Create(options)?.Files().LastOrDefault() is not { } newest)
            return null;
        using var checkpoint = Checkpoint.Read(newest);
        return checkpoint.State.Seed;
    }

    /// <summary>What to continue; null starts anew.</summary>
    /// <param name="fingerprint">Of the run to be made.</param>
    /// <exception cref="InvalidOperationException">The checkpoint is of other data, another model or other options, or
    /// there must be one and is none.</exception>
    /// <exception cref="InvalidDataException">The newest checkpoint is damaged.</exception>
    public Checkpoint? Resume(SortedDictionary<string, string> fingerprint)
    {
        _isForeign = _options.Resume == ResumeMode.Never;
        if (_isForeign)
            return null;
        if (Files().LastOrDefault() is not { } newest)
            return _options.Resume == ResumeMode.Auto ? null : throw new InvalidOperationException(
                $"{nameof(TrainingOptions.Resume)} is {ResumeMode.Require}, but '{_directory}' holds no checkpoint.");
        var checkpoint = Checkpoint.Read(newest);
        try
        {
            RefuseOther(checkpoint, fingerprint);
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    public void Save(CheckpointState state, IEnumerable<(string Name, TorchSharp.torch.Tensor Tensor)> tensors)
    {
        string[] foreign = _isForeign ? Files() : [];
        string path = Path.Combine(_directory, Prefix + state.Step.ToString("d10", CultureInfo.InvariantCulture) + Extension);
        Checkpoint.Write(path, state, tensors);
        foreach (string file in foreign.Where(file => file != path))
            File.Delete(file);
        _isForeign = false;
        foreach (string file in Files()[..^Math.Min(_options.KeepCheckpoints, Files().Length)])
            File.Delete(file);
    }

    /// <summary>Oldest first.</summary>
    private string[] Files() =>
        [.. Directory.EnumerateFiles(_directory, Prefix + "*" + Extension).Order(StringComparer.Ordinal)];

    private static void RefuseOther(Checkpoint checkpoint, SortedDictionary<string, string> fingerprint)
    {
        var saved = checkpoint.State.Fingerprint;
        foreach (string name in saved.Keys.Union(fingerprint.Keys))
        {
            string was = saved.GetValueOrDefault(name, "unknown"), now = fingerprint.GetValueOrDefault(name, "unknown");
            if (was != now)
                throw new InvalidOperationException(
                    $"Checkpoint '{checkpoint.Path}' was made with {name} {was}; now it is {now}. Train as then, choose another " +
                    $"{nameof(TrainingOptions.CheckpointDirectory)}, or set {nameof(TrainingOptions.Resume)} to {ResumeMode.Never}.");
        }
    }
}
