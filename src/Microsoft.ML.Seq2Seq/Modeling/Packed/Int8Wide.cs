using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Iced.Intel;
using Microsoft.ML.Seq2Seq.Runtime;
using static Iced.Intel.AssemblerRegisters;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// The same sums as <see cref="Int8Quads"/> in registers of sixteen, of which there are 32: up to six rows with 64 outputs at
/// once, by the instruction that AVX-512 has for them (VNNI). .NET 10 has no class for it (dotnet/runtime#86849), so the loop
/// is assembled here, once in a process.
/// </summary>
internal static unsafe class Int8Wide
{
    public const int Group = 4; // inputs that one instruction sums up
    public const int Block = 64; // outputs of four registers
    private const int Vectors = Block / 16;
    private const int MostRows = 6; // 24 sums, the weights in 4 and the inputs in 2 of 32 registers

    private const int Vnni = 1 << 11; // in ecx of leaf 7

    private static readonly nint[] _kernels = LoadKernels(); // by the number of rows less 1

    /// <summary>Not where the system lets no code be made. Elsewhere than on Linux functions are called in another way, which
    /// the loop isn't made for.</summary>
    public static bool IsSupported { get; } = _kernels.Length > 0 && !_kernels.Contains(0);

    /// <inheritdoc cref="Int8Quads.Multiply"/>
    /// <param name="weights">[inputs / 4][64][4]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(
        byte* x, int width, RowRange* ranges, int rows, sbyte* weights, int groups, float* y, nint outputWidth, float* bias, float* scales,
        int* sums, Epilogue epilogue)
    {
        int* dots = stackalloc int[MostRows * Block];
        for (int row = 0; row < rows; row += MostRows)
        {
            int count = Math.Min(MostRows, rows - row);
            // A few microseconds at most, for which a garbage collection can wait.
            var kernel = (delegate* unmanaged[SuppressGCTransition]<byte*, nint, sbyte*, nint, int*, void>)_kernels[count - 1];
            kernel(x + row * width, width, weights, groups, dots);
            for (int i = 0; i < count; i++)
                Finish(dots + i * Block, y + (row + i) * outputWidth, bias, scales, sums, ranges + row + i, epilogue);
        }
    }

    /// <inheritdoc cref="Int8Matrix.Finish"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(int* dots, float* y, float* bias, float* scales, int* sums, RowRange* range, Epilogue epilogue)
    {
        var zero = Vector512.Create(range->Zero);
        var scale = Vector512.Create(range->Scale);
        for (int i = 0; i < Block; i += 16)
        {
            var exact = Vector512.Load(dots + i) - Vector512.Load(sums + i) * zero;
            var result = Vector512.ConvertToSingle(exact) * (Vector512.Load(scales + i) * scale) + Vector512.Load(bias + i);
            if (epilogue == Epilogue.StoreRelu)
                result = Vector512.Max(result, default);
            else if (epilogue == Epilogue.Add)
                result += Vector512.Load(y + i);
            result.Store(y + i);
        }
    }

    private static nint[] LoadKernels()
    {
        if (!OperatingSystem.IsLinux() || !Avx512BW.IsSupported || (X86Base.CpuId(7, 0).Ecx & Vnni) == 0)
            return [];
        return [.. Enumerable.Range(1, MostRows).Select(rows => MachineCode.Load(Assemble(rows)))];
    }

    /// <summary>void (byte* x, nint width, sbyte* weights, nint groups, int* dots), as Linux calls it. It keeps the sums of all
    /// rows with all outputs in registers, while inputs and weights pass by a group at a time.</summary>
    private static byte[] Assemble(int rows)
    {
        AssemblerRegister64 x = rdi, width = rsi, weights = rdx, groups = rcx, dots = r8, fourth = rax; // fourth: x of row 3
        AssemblerRegisterZMM[] registers =
        [
            zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
            zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29,
        ];
        var sums = registers[..(Vectors * rows)];
        var weight = registers[24..28];
        var code = new Assembler(64);
        foreach (var sum in sums)
            code.vpxord(sum, sum, sum);
        code.lea(fourth, __[width + width * 2]);
        code.add(fourth, x);
        var next = code.CreateLabel();
        code.Label(ref next);
        for (int i = 0; i < Vectors; i++)
        {
            code.prefetcht0(__[weights + PackedMatrix.PrefetchDistance + 64 * i]);
            code.vmovdqu32(weight[i], __zmmword_ptr[weights + 64 * i]);
        }
        for (int row = 0; row < rows; row++)
        {
            var first = row < 3 ? x : fourth;
            var input = registers[28 + row % 2];
            code.vpbroadcastd(input, (row % 3) switch
            {
                0 => __dword_ptr[first],
                1 => __dword_ptr[first + width],
                _ => __dword_ptr[first + width * 2],
            });
            for (int i = 0; i < Vectors; i++)
                code.vpdpbusd(sums[row * Vectors + i], input, weight[i]);
        }
        code.add(x, Group);
        code.add(fourth, Group);
        code.add(weights, Block * Group);
        code.dec(groups);
        code.jne(next);
        for (int i = 0; i < sums.Length; i++)
            code.vmovdqu32(__zmmword_ptr[dots + 64 * i], sums[i]);
        code.vzeroupper();
        code.ret();
        using var bytes = new MemoryStream();
        code.Assemble(new StreamCodeWriter(bytes), 0);
        return bytes.ToArray();
    }
}
