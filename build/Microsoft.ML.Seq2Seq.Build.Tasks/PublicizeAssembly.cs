using System;
using System.IO;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Microsoft.ML.Seq2Seq.Build.Tasks;

/// <summary>
/// Writes copies of assemblies in which internal types and members are public, for the compiler alone.
/// </summary>
/// <remarks>
/// Only access flags in the metadata tables change; every other byte stays, so that the copy is deterministic and keeps
/// the identity of the original. Private members stay private: publicizing them would make events clash with their
/// backing fields and explicit interface implementations ambiguous.
/// </remarks>
public sealed class PublicizeAssembly : Task
{
    /// <summary>The assemblies to copy.</summary>
    [Required]
    public ITaskItem[] Sources { get; set; } = [];

    /// <summary>The files to write, one for each source, in the same order.</summary>
    [Required]
    public ITaskItem[] Destinations { get; set; } = [];

    /// <summary>
    /// Types outside of this namespace stay as they are. Compilers embed helper types of the System namespaces as internal;
    /// made public they would clash with the framework's own.
    /// </summary>
    [Required]
    public string RootNamespace { get; set; } = "";

    /// <inheritdoc/>
    public override bool Execute()
    {
        if (Sources.Length != Destinations.Length)
        {
            Log.LogError("{0} sources but {1} destinations: give one destination for each source.", Sources.Length, Destinations.Length);
            return false;
        }

        for (int i = 0; i < Sources.Length; i++)
        {
            string source = Sources[i].GetMetadata("FullPath");
            string destination = Destinations[i].GetMetadata("FullPath");
            try
            {
                byte[] image = File.ReadAllBytes(source);
                Publicize(image);
                Directory.CreateDirectory(Path.GetDirectoryName(destination)!);
                File.WriteAllBytes(destination, image);
            }
            catch (Exception e) when (e is IOException or BadImageFormatException or UnauthorizedAccessException)
            {
                Log.LogError("Could not make a publicized copy of '{0}' as '{1}': {2}", source, destination, e.Message);
            }
        }
        return !Log.HasLoggedErrors;
    }

    private void Publicize(byte[] image)
    {
        using PEReader pe = new(new MemoryStream(image, writable: false));
        MetadataReader metadata = pe.GetMetadataReader();
        int tables = pe.PEHeaders.MetadataStartOffset;

        foreach (TypeDefinitionHandle handle in metadata.TypeDefinitions)
        {
            TypeDefinition type = metadata.GetTypeDefinition(handle);
            if (!IsInScope(metadata, type))
                continue;

            // ECMA-335 II.22: the flags are the first column of TypeDef (4 bytes) and Field (2 bytes); in MethodDef they
            // follow RVA (4 bytes) and ImplFlags (2 bytes).
            WriteUInt32(image, Offset(TableIndex.TypeDef, handle), (uint)Publicize(type.Attributes));
            foreach (FieldDefinitionHandle field in type.GetFields())
                WriteUInt16(image, Offset(TableIndex.Field, field), (ushort)Publicize(metadata.GetFieldDefinition(field).Attributes));
            foreach (MethodDefinitionHandle method in type.GetMethods())
                WriteUInt16(image, Offset(TableIndex.MethodDef, method) + 6, (ushort)Publicize(metadata.GetMethodDefinition(method).Attributes));
        }

        int Offset(TableIndex table, EntityHandle row) =>
            tables + metadata.GetTableMetadataOffset(table) + (MetadataTokens.GetRowNumber(row) - 1) * metadata.GetTableRowSize(table);
    }

    private bool IsInScope(MetadataReader metadata, TypeDefinition type)
    {
        while (!type.GetDeclaringType().IsNil)
            type = metadata.GetTypeDefinition(type.GetDeclaringType());
        string name = metadata.GetString(type.Namespace);
        return name == RootNamespace || name.StartsWith(RootNamespace + ".", StringComparison.Ordinal);
    }

    private static TypeAttributes Publicize(TypeAttributes flags)
    {
        TypeAttributes access = (flags & TypeAttributes.VisibilityMask) switch
        {
            TypeAttributes.NotPublic => TypeAttributes.Public,
            TypeAttributes.NestedAssembly or TypeAttributes.NestedFamANDAssem or TypeAttributes.NestedFamORAssem => TypeAttributes.NestedPublic,
            TypeAttributes other => other,
        };
        return (flags & ~TypeAttributes.VisibilityMask) | access;
    }

    private static FieldAttributes Publicize(FieldAttributes flags)
    {
        FieldAttributes access = (flags & FieldAttributes.FieldAccessMask) switch
        {
            FieldAttributes.Assembly or FieldAttributes.FamORAssem => FieldAttributes.Public,
            FieldAttributes.FamANDAssem => FieldAttributes.Family,
            FieldAttributes other => other,
        };
        return (flags & ~FieldAttributes.FieldAccessMask) | access;
    }

    private static MethodAttributes Publicize(MethodAttributes flags)
    {
        bool isVirtual = (flags & MethodAttributes.Virtual) != 0;
        MethodAttributes access = (flags & MethodAttributes.MemberAccessMask) switch
        {
            MethodAttributes.Assembly => MethodAttributes.Public,
            // An override outside of the assembly is `protected` against both of these; as `public` it would not compile
            // against the base that the run time sees.
            MethodAttributes.FamORAssem => isVirtual ? MethodAttributes.Family : MethodAttributes.Public,
            MethodAttributes.FamANDAssem => MethodAttributes.Family,
            MethodAttributes other => other,
        };
        return (flags & ~MethodAttributes.MemberAccessMask) | access;
    }

    private static void WriteUInt16(byte[] image, int offset, ushort value)
    {
        image[offset] = (byte)value;
        image[offset + 1] = (byte)(value >> 8);
    }

    private static void WriteUInt32(byte[] image, int offset, uint value)
    {
        WriteUInt16(image, offset, (ushort)value);
        WriteUInt16(image, offset + 2, (ushort)(value >> 16));
    }
}
