using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

/// <summary>Needs a GPU, and is skipped without one.</summary>
[TestClass]
[DoNotParallelize]
public sealed class CudaTests
{
    [TestInitialize]
    public void NeedsCuda()
    {
        if (!torch.cuda.is_available())
            Assert.Inconclusive("No CUDA device.");
    }

    [TestMethod]
    public void AModelTrainedOnAGpuLearnsAndLoadsOnTheCpuAndOnTheGpu()
    {
        var gpu = new MLContext(1) { GpuDeviceId = 0, FallbackToCpu = false };
        using var model = gpu.Seq2Seq.Trainers.Transformer(Toy.Options(options => options.Architecture.Dropout = 0.05)).Fit(Toy.View(Toy.Rows(800)));
        Assert.AreEqual("cuda:0", model.Report.Device);
        using var file = new MemoryStream();
        gpu.Model.Save(model, Toy.View(Toy.Rows(1)).Schema, file);
        string[] sources = [.. Toy.Rows(50, seed: 2).Select(row => row.Source!)];
        string[] expected = [.. model.Generate(sources).Select(generation => generation.Text)];
        Assert.IsGreaterThan(0.8, Toy.Rows(50, seed: 2).Zip(expected).Count(pair => pair.First.Target == pair.Second) / 50.0);

        foreach (var ml in new[] { new MLContext(), gpu })
        {
            file.Position = 0;
            using var loaded = (Seq2SeqTransformer)ml.Model.Load(file, out _);
            // The two devices round differently; a text may flip where two tokens are nearly as probable.
            Assert.IsGreaterThanOrEqualTo(48, loaded.Generate(sources).Zip(expected).Count(pair => pair.First.Text == pair.Second));
        }
    }

    [TestMethod]
    [DataRow(TrainingPrecision.Float32, 0.01)]
    [DataRow(TrainingPrecision.BFloat16, 0.03)]
    public void TheGpuFindsTheLossesOfTheCpu(TrainingPrecision onGpu, double tolerance)
    {
        double[] Losses(MLContext ml, TrainingPrecision precision)
        {
            using var model = ml.Seq2Seq.Trainers.Transformer(Toy.Options(options =>
            {
                options.Training.MaxEpochs = 2;
                options.Training.Precision = precision;
            })).Fit(Toy.View(Toy.Rows(100)));
            return [.. model.Report.Curve.Select(point => point.ValidationLoss!.Value)];
        }

        double[] losses = Losses(new MLContext(1) { GpuDeviceId = 0, FallbackToCpu = false }, onGpu);
        foreach (var (cpu, gpu) in Losses(new MLContext(1), TrainingPrecision.Float32).Zip(losses))
            Assert.AreEqual(cpu, gpu, tolerance);
    }
}
