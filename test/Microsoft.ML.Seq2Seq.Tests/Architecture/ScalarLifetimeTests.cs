using Mono.Cecil;
using Mono.Cecil.Cil;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Architecture;

/// <summary>Holds the library to the rule of <c>Runtime/Scalars.cs</c>: no native scalar that a garbage collection may
/// free while an operation reads it.</summary>
[TestClass]
public sealed class ScalarLifetimeTests
{
    /// <summary>Takes numbers of any kind; the library hands it scalars that it holds, or none.</summary>
    private static readonly HashSet<string> _harmless = ["invoke"];

    [TestMethod]
    public void TheLibraryNeverLeavesAScalarToTheGarbageCollector()
    {
        string[] offences = Offences(typeof(Seq2SeqTransformer).Assembly.Location, _ => true);

        Assert.IsEmpty(offences, string.Join(Environment.NewLine, offences));
    }

    [TestMethod]
    public void AnOffenceIsSeen()
    {
        string[] offences = Offences(typeof(ScalarLifetimeTests).Assembly.Location, type => type.FullName.EndsWith(nameof(Offender), StringComparison.Ordinal));

        Assert.HasCount(3, offences, string.Join(Environment.NewLine, offences));
    }

    private static string[] Offences(string assembly, Func<TypeDefinition, bool> isChecked)
    {
        using var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(Path.GetDirectoryName(typeof(torch).Assembly.Location));
        var parameters = new ReaderParameters { AssemblyResolver = resolver };
        using var torchSharp = AssemblyDefinition.ReadAssembly(typeof(torch).Assembly.Location, parameters);
        var makers = Makers(torchSharp.MainModule);
        using var checkedAssembly = AssemblyDefinition.ReadAssembly(assembly, parameters);
        return [.. checkedAssembly.MainModule.GetTypes().Where(isChecked).SelectMany(type => type.Methods).Where(method => method.HasBody)
            .SelectMany(method => method.Body.Instructions.Where(instruction => IsOffence(instruction, makers))
                .Select(instruction => $"{method.DeclaringType.FullName}.{method.Name}: {((MethodReference)instruction.Operand).FullName}"))];
    }

    private static bool IsOffence(Instruction instruction, HashSet<string> makers)
    {
        if (instruction.Operand is not MethodReference method || instruction.OpCode.Code is Code.Ldftn or Code.Ldtoken)
            return false;
        if (IsConversion(method))
            // Kept in a field, or in a local, which then has to be a using.
            return !instruction.Next.OpCode.Name.StartsWith("st", StringComparison.Ordinal);
        return IsOfTorchSharp(method) && !_harmless.Contains(method.Name) && method.Resolve() is { } definition && makers.Contains(definition.FullName);
    }

    /// <summary>TorchSharp's methods that make a scalar inside.</summary>
    private static HashSet<string> Makers(ModuleDefinition torchSharp)
    {
        var methods = torchSharp.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody).ToArray();
        var makers = new HashSet<string>();
        int before;
        do
        {
            before = makers.Count;
            foreach (var method in methods.Where(method => !makers.Contains(method.FullName)))
                if (method.Body.Instructions.Any(instruction => instruction.Operand is MethodReference called
                    && (IsConversion(called) || (IsOfTorchSharp(called) && called.Resolve() is { } definition && makers.Contains(definition.FullName)))))
                    makers.Add(method.FullName);
        }
        while (makers.Count > before);
        return makers;
    }

    private static bool IsConversion(MethodReference method) =>
        (method.DeclaringType.FullName == typeof(Scalar).FullName && method.Name == "op_Implicit")
        || method.DeclaringType.FullName == typeof(ScalarExtensionMethods).FullName;

    private static bool IsOfTorchSharp(MethodReference method) =>
        method.DeclaringType.Scope.Name.StartsWith(nameof(TorchSharp), StringComparison.Ordinal);

    /// <summary>What the rule forbids, and what it allows.</summary>
    internal static class Offender
    {
        private static readonly Scalar _kept = 2;

        public static Tensor Forbidden(Tensor a, Tensor b) => a.mul(2).add(b).add(b, 3);

        public static Tensor Allowed(Tensor a, Tensor b)
        {
            using Scalar three = 3;
            return a.mul(_kept).add(b, three).sub(b);
        }
    }
}
