using Mono.Cecil;

namespace Microsoft.ML.Seq2Seq.Tests.Architecture;

/// <summary>What a built library uses of Microsoft.ML.Core and Microsoft.ML.Data that is not public there, or not there at all.</summary>
internal sealed class InternalsInUse
{
    private static readonly string[] _fenced = ["Microsoft.ML.Core", "Microsoft.ML.Data"];

    private readonly SortedSet<string> _internals = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _missing = new(StringComparer.Ordinal);

    private InternalsInUse()
    {
    }

    public IReadOnlyCollection<string> Internals => _internals;

    public IReadOnlyCollection<string> Missing => _missing;

    /// <param name="library">The file of the library.</param>
    /// <param name="resolver">Knows the assemblies that it refers to.</param>
    public static InternalsInUse Of(string library, IAssemblyResolver resolver)
    {
        InternalsInUse result = new();
        using ModuleDefinition module = ModuleDefinition.ReadModule(library, new ReaderParameters { AssemblyResolver = resolver });
        foreach (TypeReference type in module.GetTypeReferences().Where(IsFenced))
            result.Add(type.FullName, type.Resolve(), IsPublic);
        foreach (MemberReference member in module.GetMemberReferences().Where(member => IsFenced(member.DeclaringType.GetElementType())))
        {
            if (member is MethodReference method)
                result.Add(method.FullName, method.Resolve(), m => (m.IsPublic || m.IsFamily || m.IsFamilyOrAssembly) && IsPublic(m.DeclaringType));
            else if (member is FieldReference field)
                result.Add(field.FullName, field.Resolve(), f => (f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly) && IsPublic(f.DeclaringType));
        }
        foreach (MethodDefinition accessor in module.GetTypes().SelectMany(type => type.Methods).Where(method => method.CustomAttributes.Any(IsAccessor)))
            result.AddAccessor(accessor);
        return result;
    }

    /// <summary>A private field that an <see cref="System.Runtime.CompilerServices.UnsafeAccessorAttribute"/> names.</summary>
    private void AddAccessor(MethodDefinition accessor)
    {
        TypeReference owner = accessor.Parameters[0].ParameterType;
        string name = (string)accessor.CustomAttributes.Single(IsAccessor).Properties.Single(property => property.Name == "Name").Argument.Value;
        Add<FieldDefinition>($"{owner.FullName}::{name}", owner.Resolve()?.Fields.FirstOrDefault(field => field.Name == name), _ => false);
    }

    private static bool IsAccessor(CustomAttribute attribute) => attribute.AttributeType.Name == nameof(System.Runtime.CompilerServices.UnsafeAccessorAttribute);

    private void Add<T>(string name, T? definition, Predicate<T> isPublic)
        where T : class
    {
        if (definition is null)
            _missing.Add(name);
        else if (!isPublic(definition))
            _internals.Add(name);
    }

    private static bool IsFenced(TypeReference type) => _fenced.Contains(type.Scope.Name);

    private static bool IsPublic(TypeDefinition type) =>
        type.IsPublic || ((type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamilyOrAssembly) && IsPublic(type.DeclaringType));
}
