// What an application outside of this repository does first: loads libtorch, names the library, computes.
using Microsoft.ML;
using Microsoft.ML.Seq2Seq;
using TorchSharp;

TransformerArchitecture architecture = TransformerArchitecture.Tiny;
using torch.Tensor ones = torch.ones(2, architecture.ModelDimension);
Console.WriteLine($"{typeof(MLContext).Assembly.GetName().Name} {ones.sum().item<float>()}");
