using System.Globalization;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Persistence;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>The weights that each validation judged, taken out of the checkpoints, so that they can be scored when training
/// is over.</summary>
internal sealed class EpochWeights(string checkpoints, string folder)
{
    private const string Name = "weights";

    private string? _seen;

    /// <summary>Takes those of new checkpoints that were made right after a validation.</summary>
    public void Keep()
    {
        if (!Directory.Exists(checkpoints))
            return;
        foreach (string path in Directory.EnumerateFiles(checkpoints, "*.checkpoint").Order(StringComparer.Ordinal))
        {
            if (string.CompareOrdinal(path, _seen) <= 0)
                continue;
            _seen = path;
            Keep(path);
        }
    }

    /// <summary>Whether those of a validation were kept: not if the run was stopped right after it.</summary>
    public bool Has(long step) => File.Exists(PathOf(step));

    /// <summary>A trained model as it was at a validation.</summary>
    /// <exception cref="FileNotFoundException">The weights were not kept.</exception>
    public Seq2SeqTransformer At(long step, MLContext context, Seq2SeqTransformer trained)
    {
        using var file = File.OpenRead(PathOf(step));
        using var weights = SafeTensors.Read(file)[Name];
        var codec = trained.Generator.Codec;
        using var generator = new Generator(0, CPU);
        var model = trained.Configuration.Architecture.CreateModel(codec.Source.VocabularySize, codec.Target.VocabularySize, generator);
        using (var noGrad = torch.no_grad())
        using (var parameters = new FlatParameters(model))
            parameters.Values.copy_(weights);
        return new Seq2SeqTransformer(
            context, new TextGenerator(new SharedModel(ServedModel.Of(model)), codec, CPU), trained.Configuration, trained.Report);
    }

    private void Keep(string path)
    {
        using var checkpoint = Checkpoint.Read(path);
        var state = checkpoint.State;
        if (state.Curve.LastOrDefault()?.Step != state.Step)
            return;
        using var scope = NewDisposeScope();
        using var noGrad = torch.no_grad();
        var judged = Judged(checkpoint);
        Directory.CreateDirectory(folder);
        AtomicFile.Write(PathOf(state.Step), stream => SafeTensors.Write(stream, [(Name, judged)]));
    }

    private string PathOf(long step) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"step-{step:d10}.safetensors"));

    /// <summary>(N) the mean of what the run averages, or the weights themselves.</summary>
    private static Tensor Judged(Checkpoint checkpoint)
    {
        if (checkpoint.Find("average.0") is not { } first)
            return checkpoint.Find(Name)!;
        var sum = first.clone();
        int count = 1;
        for (; checkpoint.Find($"average.{count}") is { } next; count++)
            sum.Accumulate(next);
        using Scalar divisor = count;
        return sum.div_(divisor);
    }
}
