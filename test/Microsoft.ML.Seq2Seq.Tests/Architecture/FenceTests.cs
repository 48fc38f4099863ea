using System.Reflection;

namespace Microsoft.ML.Seq2Seq.Tests.Architecture;

[TestClass]
public sealed class FenceTests
{
    private static readonly Lazy<SourceFence> _library = new(() => new SourceFence(ReadLibrary()));

    [TestMethod]
    public void EveryRoomUsesOnlyTheRoomsBelowIt() => Nothing(_library.Value.RoomViolations());

    [TestMethod]
    public void InternalsOfMlNetAreUsedOnlyInInterop() => Nothing(_library.Value.InternalsOutsideOfInterop());

    [TestMethod]
    public void EveryNameInTheLibraryIsKnownToTheFence() => Nothing(_library.Value.UnknownNames());

    [TestMethod]
    [DataRow("Decoding", "Evaluation")]
    [DataRow("Evaluation", "Decoding")]
    [DataRow("Training", "Inference")]
    [DataRow("Inference", "Training")]
    [DataRow("Runtime", "Interop")]
    [DataRow("Interop", "Runtime")]
    [DataRow("Persistence", "Tokenization")]
    [DataRow("Estimators", "Catalog")]
    [DataRow("Runtime", "Catalog")]
    public void ARoomThatSeesNeighbourOrUpwardIsReported(string room, string other)
    {
        string report = Only(Check(room, other).RoomViolations());

        Assert.AreEqual($"{room}/A.cs(2): {room} uses Microsoft.ML.Seq2Seq.B of {other}", report);
    }

    [TestMethod]
    [DataRow("Catalog", "Estimators")]
    [DataRow("Training", "Decoding")]
    [DataRow("Decoding", "Modeling")]
    [DataRow("Estimators", "Interop")]
    [DataRow("Persistence", "Runtime")]
    [DataRow("Modeling", "Modeling")]
    public void ARoomThatSeesDownwardIsNot(string room, string other) => Nothing(Check(room, other).RoomViolations());

    [TestMethod]
    [DataRow("int M() => C.Make().Value;", "Microsoft.ML.Seq2Seq.B.Value")]
    [DataRow("void M() { var b = C.Make(); }", "Microsoft.ML.Seq2Seq.B")]
    [DataRow("int M() => 1.Twice();", "Twice")]
    [DataRow("int M() => 1.Half;", "Half")]
    public void AUseThatNamesNoTypeIsReportedToo(string member, string what)
    {
        SourceFence fence = new(
        [
            new("Modeling/A.cs", "namespace Microsoft.ML.Seq2Seq; class A { " + member + " }"),
            new("Modeling/C.cs", "namespace Microsoft.ML.Seq2Seq; class C { public static B Make() => new(); }"),
            new("Decoding/B.cs", """
                namespace Microsoft.ML.Seq2Seq;
                class B { public int Value => 1; }
                static class E
                {
                    public static int Twice(this int x) => 2 * x;
                    extension(int x) { public int Half => x / 2; }
                }
                """),
        ]);

        Assert.Contains(report => report.StartsWith("Modeling/A.cs(1): Modeling uses ", StringComparison.Ordinal) && report.Contains(what, StringComparison.Ordinal), fence.RoomViolations());
    }

    [TestMethod]
    public void AFileInNoRoomIsReported() => StringAssert.StartsWith(
        Only(new SourceFence([new("Helpers/A.cs", "class A { }")]).RoomViolations()), "Helpers/A.cs: lies in none of the rooms");

    [TestMethod]
    [DataRow("ModelLoadContext? _context;", "Microsoft.ML.ModelLoadContext")]
    [DataRow("object M() => new VersionInfo(\"A\", 1, 1, 1, \"A\");", "Microsoft.ML.VersionInfo")]
    [DataRow("void M(ModelSaveContext context) => context.SaveNonEmptyString(\"\");", "SaveNonEmptyString")]
    [DataRow("object M(IHostEnvironment env) => ((IHostEnvironmentInternal)env).Seed;", "IHostEnvironmentInternal")]
    public void AnInternalOfMlNetOutsideOfInteropIsReported(string member, string what)
    {
        string source = "using Microsoft.ML.Runtime;\nnamespace Microsoft.ML.Seq2Seq; class A { " + member + " }";

        Assert.Contains(
            report => report.StartsWith("Estimators/A.cs(2): uses the internal ", StringComparison.Ordinal) && report.Contains(what, StringComparison.Ordinal),
            new SourceFence([new("Estimators/A.cs", source)]).InternalsOutsideOfInterop());
        Nothing(new SourceFence([new("Interop/A.cs", source)]).InternalsOutsideOfInterop());
    }

    [TestMethod]
    public void WhatMlNetMakesPublicMayBeUsedAnywhere() => Nothing(new SourceFence([new("Estimators/A.cs", """
        using Microsoft.ML.Runtime;
        namespace Microsoft.ML.Seq2Seq;
        abstract class A : ITransformer
        {
            public bool IsRowToRowMapper => true;
            public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inputSchema;
            public abstract IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema);
            public IDataView Transform(IDataView input) => input;
            public void Save(ModelSaveContext ctx) { }
            public void Use(IHostEnvironment env) => env.Register("A").Start("B").Info("C");
        }
        """)]).InternalsOutsideOfInterop());

    private static SourceFence Check(string room, string other) => new(
    [
        new($"{room}/A.cs", "namespace Microsoft.ML.Seq2Seq;\nclass A { B? _b; }"),
        new($"{other}/B.cs", "namespace Microsoft.ML.Seq2Seq;\nclass B { }"),
    ]);

    private static IEnumerable<KeyValuePair<string, string>> ReadLibrary()
    {
        string folder = typeof(FenceTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "LibrarySources").Value!;
        foreach (string file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
        {
            string path = Path.GetRelativePath(folder, file).Replace('\\', '/');
            if (!path.StartsWith("bin/", StringComparison.Ordinal) && !path.StartsWith("obj/", StringComparison.Ordinal))
                yield return new(path, File.ReadAllText(file));
        }
    }

    private static void Nothing(IEnumerable<string> reports)
    {
        // Not AreEqual: it shortens what it shows.
        string all = string.Join(Environment.NewLine, reports.Distinct());
        if (all != "")
            Assert.Fail(Environment.NewLine + all);
    }

    private static string Only(IEnumerable<string> reports) => reports.Distinct().Single();
}
