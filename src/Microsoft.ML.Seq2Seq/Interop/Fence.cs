using System.Runtime.CompilerServices;

// The two assemblies whose internals a savable transformer needs. Keep the list in step with build/Fence.targets.
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]
