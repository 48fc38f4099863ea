using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>Where the numbers of a tensor on the CPU are.</summary>
internal static unsafe class TensorMemory
{
    /// <summary>Address of the first element: native memory, which stays where it is as long as the tensor lives.</summary>
    /// <param name="x">Contiguous.</param>
    public static nint Address(this Tensor x)
    {
        if (x.numel() == 0)
            return 0;
        using var flat = x.view(-1);
        using var head = flat.narrow(0, 0, 1); // a span cannot be longer than 2³¹ bytes, a tensor can
        fixed (byte* first = head.bytes)
            return (nint)first;
    }
}
