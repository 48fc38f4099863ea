using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// Dropout for one training run. libtorch draws one Bernoulli number after the other on one core (6 ns an element);
/// here they come from a vectorised xorshift generator, 64 ways at once (0.1 ns). What is dropped depends on the
/// seed and on how often it was drawn before, never on the number of threads. On a CPU no mask is kept for the backward pass: it
/// draws the same again.
/// </summary>
internal sealed unsafe class Dropout(ulong seed)
{
    private const int ChunkLength = 1 << 16;

    /// <summary>Tensors dropped from so far: together with the seed the whole state, to save and to set on resume.</summary>
    public ulong Drawn { get; set; }

    /// <summary>Whether the same must be dropped again, once <see cref="Drawn"/> is set back. On the CPU it always is;
    /// a GPU then gets masks made on the CPU.</summary>
    public bool Repeats { get; set; }

    /// <summary>What the functions return to autograd.</summary>
    public GradientHold Gradients { get; } = new();

    /// <summary>Zeroes elements with the given probability and scales the others by 1/(1-p); any shape.</summary>
    public Tensor Apply(Tensor x, double probability)
    {
        if (probability <= 0)
            return x;
        using var scope = NewDisposeScope(); // the forward pass leaves a handle of its own
        if (x.device_type == DeviceType.CPU)
            return Dropped.apply(x.contiguous(), Next(probability)).MoveToOuterDisposeScope();
        if (!Repeats)
            return nn.functional.dropout(x, probability, training: true).MoveToOuterDisposeScope();
        var mask = torch.ones(x.shape, x.dtype);
        Drop(mask, mask, Next(probability));
        return x.mul(mask.to(x.device)).MoveToOuterDisposeScope();
    }

    /// <summary>x + dropped y, of the same shape; x in float32.</summary>
    public Tensor Add(Tensor x, Tensor y, double probability)
    {
        using var scope = NewDisposeScope();
        return (probability > 0 && x.device_type == DeviceType.CPU
            ? DroppedSum.apply(x.contiguous(), y.contiguous(), Next(probability))
            : x.Plus(probability > 0 ? Apply(y, probability) : y)).MoveToOuterDisposeScope();
    }

    /// <summary>Dropped max(0, x), in the place of x.</summary>
    public Tensor Relu(Tensor x, double probability) => probability > 0 && x.device_type == DeviceType.CPU
        ? DroppedRelu.apply(x, Next(probability))
        : Apply(x.relu_(), probability);

    /// <summary>The next tensor to drop from.</summary>
    public DropoutPlan Next(double probability) => new(this, DropoutKernel.Of(probability), SplitMix64.Combine(seed, Drawn++));

    /// <summary>y = dropped x, both contiguous; y may be x.</summary>
    private static void Drop(Tensor x, Tensor y, DropoutPlan draw)
    {
        var (kernel, from, to) = (draw.Kernel, x.Address(), y.Address());
        int fromSize = x.dtype.ElementSize(), toSize = y.dtype.ElementSize();
        InChunks(x.numel(), (start, count, chunk) =>
        {
            void* source = (byte*)from + start * fromSize, target = (byte*)to + start * toSize;
            ulong chunkSeed = SplitMix64.Combine(draw.Seed, chunk);
            if (fromSize == toSize && fromSize == sizeof(float))
                kernel.Drop<Float32Numbers, Float32Numbers>(source, target, count, chunkSeed);
            else if (fromSize == toSize)
                kernel.Drop<BFloat16Numbers, BFloat16Numbers>(source, target, count, chunkSeed);
            else
                kernel.Drop<Float32Numbers, BFloat16Numbers>(source, target, count, chunkSeed);
        });
        GC.KeepAlive(x);
        GC.KeepAlive(y);
    }

    /// <summary>Shares chunks out to libtorch's number of threads; each has a seed of its own.</summary>
    /// <param name="length">Of the tensor, in elements.</param>
    /// <param name="work">Gets the first element, how many, and the chunk's number.</param>
    private static void InChunks(long length, Action<long, int, ulong> work)
    {
        int chunks = (int)((length + ChunkLength - 1) / ChunkLength);
        void Work(int chunk) => work((long)chunk * ChunkLength, (int)Math.Min(ChunkLength, length - (long)chunk * ChunkLength), (ulong)chunk);
        int threads = torch.get_num_threads();
        if (chunks < 4 || threads == 1)
            for (int chunk = 0; chunk < chunks; chunk++)
                Work(chunk);
        else
            Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = threads }, Work);
    }

    private sealed class Dropped : autograd.SingleTensorFunction<Dropped>
    {
        public override string Name => "dropout";

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, draw) = ((Tensor)vars[0], (DropoutPlan)vars[1]);
            ctx.save_data(nameof(DropoutPlan), draw);
            var y = torch.empty_like(x);
            Drop(x, y, draw);
            return y;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var draw = (DropoutPlan)ctx.get_data(nameof(DropoutPlan));
            return draw.Dropout.Gradients.Differentiate(inputs: 2, scope =>
            {
                var dy = grad_output.MoveToOtherDisposeScope(scope).contiguous();
                var dx = torch.empty_like(dy);
                Drop(dy, dx, draw);
                return [dx];
            });
        }
    }

    private sealed class DroppedSum : autograd.SingleTensorFunction<DroppedSum>
    {
        public override string Name => "dropout and sum";

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, y, draw) = ((Tensor)vars[0], (Tensor)vars[1], (DropoutPlan)vars[2]);
            ctx.save_data(nameof(DropoutPlan), draw);
            ctx.save_data(nameof(y), y.dtype);
            var sum = torch.empty_like(x);
            var (kernel, first, second, to) = (draw.Kernel, x.Address(), y.Address(), sum.Address());
            bool isReduced = y.dtype == ScalarType.BFloat16;
            InChunks(x.numel(), (start, count, chunk) =>
            {
                ulong chunkSeed = SplitMix64.Combine(draw.Seed, chunk);
                if (isReduced)
                    kernel.Add<BFloat16Numbers>((float*)first + start, (ushort*)second + start, (float*)to + start, count, chunkSeed);
                else
                    kernel.Add<Float32Numbers>((float*)first + start, (float*)second + start, (float*)to + start, count, chunkSeed);
            });
            GC.KeepAlive(x);
            GC.KeepAlive(y);
            return sum;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var draw = (DropoutPlan)ctx.get_data(nameof(DropoutPlan));
            return draw.Dropout.Gradients.Differentiate(inputs: 3, scope =>
            {
                var dx = grad_output.MoveToOtherDisposeScope(scope).contiguous();
                var dy = torch.empty_like(dx, (ScalarType)ctx.get_data("y"));
                Drop(dx, dy, draw);
                return [dx.alias(), dy];
            });
        }
    }

    private sealed class DroppedRelu : autograd.SingleTensorFunction<DroppedRelu>
    {
        public override string Name => "rectifier and dropout";

        private sealed record Output(Tensor Y, DropoutPlan Draw);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, draw) = ((Tensor)vars[0], (DropoutPlan)vars[1]);
            ctx.save_data(nameof(Output), new Output(x.detach(), draw)); // the same memory, which the backward pass needs as it is now
            ctx.mark_dirty([x]);
            var (kernel, first) = (draw.Kernel, x.Address());
            bool isReduced = x.dtype == ScalarType.BFloat16;
            InChunks(x.numel(), (start, count, chunk) =>
            {
                ulong chunkSeed = SplitMix64.Combine(draw.Seed, chunk);
                if (isReduced)
                    kernel.Relu<BFloat16Numbers>((ushort*)first + start, count, chunkSeed);
                else
                    kernel.Relu<Float32Numbers>((float*)first + start, count, chunkSeed);
            });
            return x;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var (y, draw) = (Output)ctx.get_data(nameof(Output));
            return draw.Dropout.Gradients.Differentiate(inputs: 2, scope =>
            {
                var dy = grad_output.MoveToOtherDisposeScope(scope).contiguous();
                var dx = torch.empty_like(dy);
                var (kernel, output, from, to) = (draw.Kernel, y.Address(), dy.Address(), dx.Address());
                bool isReduced = dy.dtype == ScalarType.BFloat16;
                InChunks(dy.numel(), (start, count, _) =>
                {
                    if (isReduced)
                        kernel.ReluGradient<BFloat16Numbers>((ushort*)output + start, (ushort*)from + start, (ushort*)to + start, count);
                    else
                        kernel.ReluGradient<Float32Numbers>((float*)output + start, (float*)from + start, (float*)to + start, count);
                });
                GC.KeepAlive(y);
                return [dx];
            });
        }
    }
}

/// <summary>What is dropped from one tensor, in the forward pass and again in the backward pass.</summary>
internal sealed record DropoutPlan(Dropout Dropout, DropoutKernel Kernel, ulong Seed);
