using System.Text.Json;
using Microsoft.ML.Seq2Seq.Persistence;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>A run at one moment, in one safetensors file: its tensors, and its state as a tensor of JSON bytes.</summary>
internal sealed class Checkpoint : IDisposable
{
    private const string StateName = "state";

    private readonly Dictionary<string, Tensor> _tensors;

    private Checkpoint(string path, CheckpointState state, Dictionary<string, Tensor> tensors)
    {
        Path = path;
        State = state;
        _tensors = tensors;
    }

    public string Path { get; }

    public CheckpointState State { get; }

    /// <summary>Atomically: the file is there in full or not at all, whenever the process or the machine dies.</summary>
    public static void Write(string path, CheckpointState state, IEnumerable<(string Name, Tensor Tensor)> tensors)
    {
        using var json = torch.tensor(state.ToJson());
        AtomicFile.Write(path, stream => SafeTensors.Write(stream, tensors.Prepend((StateName, json))));
    }

    /// <exception cref="InvalidDataException">The file is damaged or no checkpoint.</exception>
    public static Checkpoint Read(string path)
    {
        Dictionary<string, Tensor> tensors = [];
        try
        {
            using (var stream = File.OpenRead(path))
                tensors = SafeTensors.Read(stream);
            return new Checkpoint(path, CheckpointState.FromJson(tensors[StateName].bytes), tensors);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or JsonException or KeyNotFoundException)
        {
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
            throw new InvalidDataException($"Checkpoint '{path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Null where the checkpoint has none of the name.</summary>
    public Tensor? Find(string name) => _tensors.GetValueOrDefault(name);

    /// <summary>Fills a tensor with the one of the name.</summary>
    /// <exception cref="InvalidDataException">There is none, or of another shape.</exception>
    public void CopyTo(Tensor tensor, string name)
    {
        var saved = Find(name) ?? throw new InvalidDataException($"Checkpoint '{Path}' holds no tensor '{name}'.");
        if (!saved.shape.SequenceEqual(tensor.shape))
            throw new InvalidDataException($"Checkpoint '{Path}': tensor '{name}' has another shape than the model's.");
        using var noGrad = torch.no_grad();
        using var scope = NewDisposeScope();
        tensor.copy_(saved);
    }

    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
            tensor.Dispose();
    }
}
