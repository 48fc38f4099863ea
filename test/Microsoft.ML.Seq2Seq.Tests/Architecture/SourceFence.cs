using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Microsoft.ML.Seq2Seq.Tests.Architecture;

/// <summary>Finds the places in the library's sources where a room uses what it may not.</summary>
/// <remarks>
/// Every name in the sources is looked up: those of types, members and <c>var</c>. Names in documentation are free: a
/// comment may point upward.
/// </remarks>
internal sealed class SourceFence
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly string[] _fenced = ["Microsoft.ML.Core", "Microsoft.ML.Data"];

    // What this test itself runs on: the framework, ML.NET, TorchSharp.
    private static readonly Lazy<MetadataReference[]> _references = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => !Path.GetFileName(path).StartsWith("Microsoft.ML.Seq2Seq", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path))]);

    private readonly CSharpCompilation _compilation;

    /// <param name="sources">The sources by their paths below the library's folder, with '/' between folders.</param>
    public SourceFence(IEnumerable<KeyValuePair<string, string>> sources)
    {
        CSharpParseOptions parsing = new(LanguageVersion.CSharp14, DocumentationMode.None);
        _compilation = CSharpCompilation.Create(
            "Sources",
            [CSharpSyntaxTree.ParseText(ImplicitUsings, parsing), .. sources.Select(file => CSharpSyntaxTree.ParseText(file.Value, parsing, file.Key))],
            _references.Value,
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable,
                metadataImportOptions: MetadataImportOptions.Internal));
    }

    /// <summary>Names that lead nowhere, where the rules could not look.</summary>
    public IEnumerable<string> UnknownNames() =>
        _compilation.GetDiagnostics().Where(d => d.Id is "CS0103" or "CS0234" or "CS0246").Select(d => d.ToString());

    /// <summary>Files outside of every room, and uses of a room that the file's room does not see.</summary>
    public IEnumerable<string> RoomViolations()
    {
        foreach (SyntaxTree tree in Files.Where(tree => !Rooms.All.Contains(Rooms.Of(tree.FilePath))))
            yield return $"{tree.FilePath}: lies in none of the rooms {string.Join(", ", Rooms.All)}";

        foreach ((SimpleNameSyntax name, ISymbol symbol) in Uses())
        {
            string room = Rooms.Of(name.SyntaxTree.FilePath);
            string? forbidden = symbol.DeclaringSyntaxReferences.Select(place => Rooms.Of(place.SyntaxTree.FilePath))
                .FirstOrDefault(other => !Rooms.MayUse(room, other));
            if (forbidden is not null)
                yield return $"{Place(name)}: {room} uses {symbol.ToDisplayString()} of {forbidden}";
        }
    }

    /// <summary>Uses of ML.NET's internals outside of Interop.</summary>
    public IEnumerable<string> InternalsOutsideOfInterop()
    {
        foreach ((SimpleNameSyntax name, ISymbol symbol) in Uses())
        {
            if (Rooms.Of(name.SyntaxTree.FilePath) != "Interop" && _fenced.Contains(symbol.ContainingAssembly?.Name) && !IsPublic(symbol))
                yield return $"{Place(name)}: uses the internal {symbol.ToDisplayString()} outside of Interop";
        }
    }

    private IEnumerable<SyntaxTree> Files => _compilation.SyntaxTrees.Where(tree => tree.FilePath != "");

    private IEnumerable<(SimpleNameSyntax Name, ISymbol Symbol)> Uses()
    {
        foreach (SyntaxTree tree in Files)
        {
            SemanticModel model = _compilation.GetSemanticModel(tree);
            foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
            {
                // `new()` and `[…]` name no type; a constructor is internal or not by itself.
                if (node is not SimpleNameSyntax name)
                    continue;
                SymbolInfo info = model.GetSymbolInfo(node);
                // A name that may not be used in this place is a candidate only: internals of ML.NET are, since the sources are
                // looked at beside the stock assemblies.
                foreach (ISymbol symbol in info.Symbol is { } found ? [found] : info.CandidateSymbols)
                {
                    if (symbol is not INamespaceSymbol)
                        yield return (name, Declared(symbol));
                }
                if (node.Parent is ObjectCreationExpressionSyntax or QualifiedNameSyntax { Parent: ObjectCreationExpressionSyntax })
                {
                    SymbolInfo constructor = model.GetSymbolInfo(node.Parent as ObjectCreationExpressionSyntax ?? node.Parent!.Parent!);
                    foreach (ISymbol symbol in constructor.Symbol is { } found ? [found] : constructor.CandidateSymbols)
                        yield return (name, symbol.OriginalDefinition);
                }
            }
        }
    }

    private static ISymbol Declared(ISymbol symbol) =>
        symbol is IMethodSymbol { ReducedFrom: { } extension } ? extension.OriginalDefinition : symbol.OriginalDefinition;

    private static bool IsPublic(ISymbol symbol)
    {
        for (ISymbol? at = symbol; at is not null and not INamespaceSymbol; at = at.ContainingSymbol)
        {
            if (at.DeclaredAccessibility is not (Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal or Accessibility.NotApplicable))
                return false;
        }
        return true;
    }

    private static string Place(SyntaxNode node) =>
        $"{node.SyntaxTree.FilePath}({node.GetLocation().GetLineSpan().StartLinePosition.Line + 1})";
}
