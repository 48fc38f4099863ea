// Namespace and name are a contract with the runtime, which looks the attribute up by both.
namespace System.Runtime.CompilerServices;

/// <summary>
/// Tells the runtime that this assembly may use internal members of another one. The compiler does not read it: it is
/// given publicized copies instead (build/Fence.targets).
/// </summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    public string AssemblyName => assemblyName;
}
