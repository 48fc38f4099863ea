using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Microsoft.ML.Seq2Seq.Build.Tasks;

/// <summary>
/// Makes copies of native Linux libraries whose demand for one symbol version is weak, so that the dynamic linker loads them
/// where the system's library lacks that version.
/// </summary>
public sealed class WeakenSymbolVersion : Task
{
    /// <summary>The libraries to copy. None of them is written to.</summary>
    [Required]
    public ITaskItem[] Libraries { get; set; } = [];

    /// <summary>The folder for the copies; one lies in it as its original is to lie in the output.</summary>
    [Required]
    public ITaskItem Folder { get; set; } = new TaskItem();

    /// <summary>The symbol version, as <c>GLIBCXX_3.4.32</c>.</summary>
    [Required]
    public string SymbolVersion { get; set; } = "";

    /// <summary>The file name of the library that should define the version, as <c>libstdc++.so.6</c>.</summary>
    [Required]
    public string DefinedBy { get; set; } = "";

    /// <summary>
    /// Whether to copy a library although this machine's <see cref="DefinedBy"/> defines the version. Default false: nothing
    /// needs to change here.
    /// </summary>
    public bool Always { get; set; }

    /// <summary>The libraries that have got a copy.</summary>
    [Output]
    public ITaskItem[] Replaced { get; set; } = [];

    /// <summary>Their copies, in the same order and with the same metadata.</summary>
    [Output]
    public ITaskItem[] Replacements { get; set; } = [];

    /// <inheritdoc/>
    public override bool Execute()
    {
        List<(ITaskItem Original, ITaskItem Copy)> made = [];
        foreach (ITaskItem library in Libraries)
        {
            string source = library.GetMetadata("FullPath");
            try
            {
                byte[] image = File.ReadAllBytes(source);
                if (ElfVersionNeeds.Weaken(image, SymbolVersion) == 0 || (!Always && IsDefinedHere(ElfVersionNeeds.Machine(image))))
                    continue;
                string destination = Path.Combine(Folder.GetMetadata("FullPath"), PlaceInOutput(library));
                WriteIfDifferent(destination, image);
                TaskItem copy = new(destination);
                library.CopyMetadataTo(copy);
                made.Add((library, copy));
            }
            catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                Log.LogWarning("Could not make the demand of '{0}' for {1} weak: {2}. It may fail to load on this machine.", source, SymbolVersion, e.Message);
            }
        }
        Replaced = [.. made.Select(pair => pair.Original)];
        Replacements = [.. made.Select(pair => pair.Copy)];
        return !Log.HasLoggedErrors;
    }

    private bool IsDefinedHere(ushort machine)
    {
        try
        {
            return SystemLibraries.AllContain(DefinedBy, machine, SymbolVersion);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not knowing, weaken: it does no harm where the version is there.
            Log.LogMessage(MessageImportance.Low, "Could not look for {0} in this machine's {1}: {2}", SymbolVersion, DefinedBy, e.Message);
            return false;
        }
    }

    /// <summary>Where the item goes: publishing says RelativePath, building DestinationSubDirectory.</summary>
    private static string PlaceInOutput(ITaskItem library)
    {
        string relative = library.GetMetadata("RelativePath");
        return relative != "" ? relative : library.GetMetadata("DestinationSubDirectory") + Path.GetFileName(library.ItemSpec);
    }

    /// <summary>Leaves an equal file alone, so that later builds copy nothing; renames a new one into place, so that a
    /// parallel build never sees half of it.</summary>
    private static void WriteIfDifferent(string path, byte[] image)
    {
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(image))
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string temporary = path + "." + Guid.NewGuid().ToString("N");
        File.WriteAllBytes(temporary, image);
        if (File.Exists(path))
            File.Replace(temporary, path, null);
        else
            File.Move(temporary, path);
    }
}
