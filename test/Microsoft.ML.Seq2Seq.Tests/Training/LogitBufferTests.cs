using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class LogitBufferTests
{
    [TestMethod]
    public void EveryProductIsThatOfLibtorchWhateverWasThereBefore()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(8, CPU);
        using var buffer = new LogitBuffer();
        var weight = randn([101, 64], generator: generator).to(ScalarType.BFloat16);
        foreach (int rows in new[] { 7, 32, 5 })
        {
            var x = randn([rows, 64], generator: generator).to(ScalarType.BFloat16);
            var logits = buffer.Multiply(x, weight);
            Assert.IsTrue(nn.functional.linear(x, weight).equal(logits).all().item<bool>());
            logits.fill_(float.NaN);
        }
    }
}
