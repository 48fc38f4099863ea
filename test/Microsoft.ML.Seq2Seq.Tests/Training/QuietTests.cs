using Microsoft.ML.Seq2Seq.Tests.Modeling;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

/// <summary>Training prints nothing into somebody's application. (TorchSharp does, where a function of ours keeps a tensor in a way of
/// its own.)</summary>
[TestClass]
[DoNotParallelize] // takes the process's console
public sealed class QuietTests
{
    [TestMethod]
    [DataRow(TrainingPrecision.Float32, PositionalEncodingKind.Sinusoidal, ActivationKind.Relu, false)]
    [DataRow(TrainingPrecision.BFloat16, PositionalEncodingKind.Rotary, ActivationKind.SwiGlu, true)]
    public void StepsPrintNothing(TrainingPrecision precision, PositionalEncodingKind positions, ActivationKind activation, bool recomputes)
    {
        using var model = TinyModels.Create(TinyModels.Architecture(a =>
            (a.PositionalEncoding, a.Activation, a.Dropout, a.AttentionDropout, a.ActivationDropout) = (positions, activation, 0.1, 0.1, 0.1)));
        var options = new TrainingOptions { Precision = precision, GradientCheckpointing = recomputes, ConsistencyWeight = 1, MaxSteps = 2 };
        var (output, error) = (Console.Out, Console.Error);
        using var printed = new StringWriter();
        try
        {
            Console.SetOut(printed);
            Console.SetError(printed);
            Runs.Train(model, Runs.RandomPairs(30, seed: 3), null, options);
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
        Assert.AreEqual("", printed.ToString());
    }
}
