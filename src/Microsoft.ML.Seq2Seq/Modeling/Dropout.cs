using System.Runtime.Intrinsics;
using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// Dropout for one training run. libtorch draws one Bernoulli number after the other on one core (6 ns an element);
/// here masks come from a vectorised xorshift generator, 64 ways at once (0.1 ns). What is dropped depends on the
/// seed and on how many masks were drawn before, never on the number of threads.
/// </summary>
internal sealed unsafe class Dropout(ulong seed)
{
    private const int ChunkLength = 1 << 16;

    /// <summary>Masks drawn so far: together with the seed the whole state, to save and to set on resume.</summary>
    public ulong Drawn { get; set; }

    /// <summary>Whether masks must come out the same again, once <see cref="Drawn"/> is set back. On the CPU they always do;
    /// a GPU then gets masks made on the CPU.</summary>
    public bool Repeats { get; set; }

    /// <summary>Zeroes elements with the given probability and scales the others by 1/(1-p); any shape.</summary>
    public Tensor Apply(Tensor x, double probability)
    {
        if (probability <= 0)
            return x;
        if (x.device_type != DeviceType.CPU && !Repeats)
            return nn.functional.dropout(x, probability, training: true);
        return x.mul(Mask(x.shape, x.dtype, probability).to(x.device));
    }

    /// <summary>A mask of 0 and 1/(1-p), not part of the graph.</summary>
    private Tensor Mask(long[] shape, ScalarType type, double probability)
    {
        long length = shape.Aggregate(1L, (product, size) => product * size);
        var mask = torch.empty(length, ScalarType.Float32);
        ulong drawSeed = SplitMix64.Combine(seed, Drawn++);
        int chunks = (int)((length + ChunkLength - 1) / ChunkLength);
        // A span cannot be longer than 2³¹ bytes, a mask can.
        using var head = mask.narrow(0, 0, Math.Min(1, length));
        fixed (byte* bytes = head.bytes)
        {
            float* first = (float*)bytes;
            void Fill(int chunk) => FillChunk(
                new Span<float>(first + (long)chunk * ChunkLength, (int)Math.Min(ChunkLength, length - (long)chunk * ChunkLength)),
                probability, SplitMix64.Combine(drawSeed, (ulong)chunk));
            int threads = torch.get_num_threads();
            if (chunks < 4 || threads == 1)
                for (int chunk = 0; chunk < chunks; chunk++)
                    Fill(chunk);
            else
                Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = threads }, Fill);
        }
        mask = mask.view(shape);
        return type == ScalarType.Float32 ? mask : mask.to(type);
    }

    /// <summary>Eight xorshift128+ generators side by side (Vigna 2014), four 16-bit draws from each number.</summary>
    private static void FillChunk(Span<float> mask, double probability, ulong seed)
    {
        // 16 bits settle one element; the scale is that of the rounded probability, so the mean stays exact.
        ushort threshold = (ushort)Math.Clamp(Math.Round(probability * 65536), 0, 65535);
        float kept = (float)(1 / (1 - threshold / 65536.0));
        var seeds = new SplitMix64(seed);
        Span<ulong> state = stackalloc ulong[16];
        foreach (ref ulong s in state)
            s = seeds.Next();
        var a = Vector512.Create<ulong>(state[..8]);
        var b = Vector512.Create<ulong>(state[8..]);
        var limit = Vector512.Create((uint)threshold);
        var keep = Vector512.Create(kept);
        int done = 0;
        for (; done <= mask.Length - 32; done += 32)
        {
            var x = a;
            var y = b;
            a = y;
            x ^= Vector512.ShiftLeft(x, 23);
            b = x ^ y ^ Vector512.ShiftRightLogical(x, 17) ^ Vector512.ShiftRightLogical(y, 26);
            var draws = (b + y).AsUInt16();
            Vector512.AndNot(keep, Vector512.LessThan(Vector512.WidenLower(draws), limit).AsSingle()).CopyTo(mask[done..]);
            Vector512.AndNot(keep, Vector512.LessThan(Vector512.WidenUpper(draws), limit).AsSingle()).CopyTo(mask[(done + 16)..]);
        }
        for (; done < mask.Length; done++)
            mask[done] = (ushort)seeds.Next() < threshold ? 0 : kept;
    }
}
