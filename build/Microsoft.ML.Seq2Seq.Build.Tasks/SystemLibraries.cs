using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace Microsoft.ML.Seq2Seq.Build.Tasks;

/// <summary>The copies of a shared library that the dynamic linker of this Linux machine may take.</summary>
internal static class SystemLibraries
{
    private const string LinkerCache = "/etc/ld.so.cache";
    private static readonly string[] _usualFolders = ["/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib64", "/usr/local/lib"];

    /// <summary>
    /// Whether every copy of <paramref name="library"/> made for the processor <paramref name="machine"/> that can be found
    /// contains <paramref name="text"/>. False where no copy is found.
    /// </summary>
    public static bool AllContain(string library, ushort machine, string text)
    {
        byte[] wanted = Encoding.ASCII.GetBytes(text + "\0");
        bool found = false;
        foreach (string path in Candidates(library))
        {
            byte[] image = File.ReadAllBytes(path);
            if (!ElfVersionNeeds.IsElf64(image) || ElfVersionNeeds.Machine(image) != machine)
                continue;
            if (IndexOf(image, wanted) < 0)
                return false;
            found = true;
        }
        return found;
    }

    private static IEnumerable<string> Candidates(string library)
    {
        IEnumerable<string> folders = (Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "").Split(':').Where(Path.IsPathRooted);
        foreach (string folder in _usualFolders)
        {
            // Debian's kin keep libraries one level down, in a folder for each architecture: /usr/lib/x86_64-linux-gnu.
            folders = folders.Append(folder);
            if (Directory.Exists(folder))
                folders = folders.Concat(Directory.GetDirectories(folder, "*-linux-gnu*"));
        }
        return folders.Select(folder => Path.Combine(folder, library)).Concat(Cached(library)).Where(File.Exists).Distinct();
    }

    /// <summary>The paths in the linker's cache, a file of tables and zero-terminated strings: the strings are enough.</summary>
    private static IEnumerable<string> Cached(string library)
    {
        if (!File.Exists(LinkerCache))
            yield break;
        byte[] cache = File.ReadAllBytes(LinkerCache);
        byte[] ending = Encoding.ASCII.GetBytes("/" + library + "\0");
        for (int at = IndexOf(cache, ending); at >= 0; at = IndexOf(cache, ending, at + 1))
        {
            int start = Array.LastIndexOf(cache, (byte)0, at) + 1;
            string path = Encoding.ASCII.GetString(cache, start, at + ending.Length - 1 - start);
            if (path.StartsWith("/", StringComparison.Ordinal))
                yield return path;
        }
    }

    private static int IndexOf(byte[] text, byte[] wanted, int start = 0)
    {
        int found = text.AsSpan(start).IndexOf(wanted);
        return found < 0 ? found : start + found;
    }
}
