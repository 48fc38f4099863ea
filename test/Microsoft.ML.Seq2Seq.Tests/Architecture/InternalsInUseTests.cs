using Mono.Cecil;

namespace Microsoft.ML.Seq2Seq.Tests.Architecture;

[TestClass]
public sealed class InternalsInUseTests
{
    private static readonly string _library = Path.Combine(AppContext.BaseDirectory, "Microsoft.ML.Seq2Seq.dll");

    public required TestContext TestContext { get; set; }

    [TestMethod]
    public void MlNetHasEveryMemberThatTheLibraryUses()
    {
        using DefaultAssemblyResolver resolver = Resolver();

        InternalsInUse use = InternalsInUse.Of(_library, resolver);

        if (use.Missing.Count > 0)
            Assert.Fail($"The Microsoft.ML in use lacks:{Environment.NewLine}{string.Join(Environment.NewLine, use.Missing)}");
        foreach (string name in use.Internals)
            TestContext.WriteLine(name);
        Assert.Contains("Microsoft.ML.ModelLoadContext", use.Internals);
        Assert.Contains("Microsoft.ML.RepositoryReader::_archive", use.Internals);
    }

    [TestMethod]
    public void AMemberThatMlNetLacksIsNamed()
    {
        using DefaultAssemblyResolver stock = Resolver();
        using ResolverWithout resolver = new(stock, "Microsoft.ML.ModelLoadContext");
        InternalsInUse before = InternalsInUse.Of(_library, stock);

        InternalsInUse use = InternalsInUse.Of(_library, resolver);

        Assert.IsNotEmpty(use.Missing);
        Assert.IsTrue(use.Missing.All(name => name.Contains("Microsoft.ML.ModelLoadContext", StringComparison.Ordinal)), string.Join(Environment.NewLine, use.Missing));
        Assert.IsEmpty(before.Missing);
    }

    /// <summary>A type that does not implement all of an interface, or overrides what is gone, does not load.</summary>
    [TestMethod]
    public void EveryTypeOfTheLibraryLoads() => Assert.IsNotEmpty(typeof(TransformerArchitecture).Assembly.GetTypes());

    private static DefaultAssemblyResolver Resolver()
    {
        DefaultAssemblyResolver resolver = new();
        resolver.AddSearchDirectory(AppContext.BaseDirectory);
        resolver.AddSearchDirectory(Path.GetDirectoryName(typeof(object).Assembly.Location));
        return resolver;
    }

    /// <summary>Gives Microsoft.ML.Core and Microsoft.ML.Data without one type.</summary>
    private sealed class ResolverWithout(IAssemblyResolver stock, string type) : IAssemblyResolver
    {
        private readonly Dictionary<string, AssemblyDefinition> _changed = [];

        public AssemblyDefinition Resolve(AssemblyNameReference name) => Resolve(name, new ReaderParameters { AssemblyResolver = this });

        public AssemblyDefinition Resolve(AssemblyNameReference name, ReaderParameters parameters)
        {
            if (name.Name is not ("Microsoft.ML.Core" or "Microsoft.ML.Data"))
                return stock.Resolve(name, parameters);
            if (!_changed.TryGetValue(name.Name, out AssemblyDefinition? assembly))
            {
                assembly = AssemblyDefinition.ReadAssembly(Path.Combine(AppContext.BaseDirectory, name.Name + ".dll"), new ReaderParameters { AssemblyResolver = this });
                if (assembly.MainModule.GetType(type) is { } found)
                    assembly.MainModule.Types.Remove(found);
                _changed.Add(name.Name, assembly);
            }
            return assembly;
        }

        public void Dispose()
        {
            foreach (AssemblyDefinition assembly in _changed.Values)
                assembly.Dispose();
        }
    }
}
