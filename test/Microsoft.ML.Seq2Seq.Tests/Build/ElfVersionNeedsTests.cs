using System.Buffers.Binary;
using System.Text;
using Microsoft.ML.Seq2Seq.Build.Tasks;

namespace Microsoft.ML.Seq2Seq.Tests.Build;

[TestClass]
public sealed class ElfVersionNeedsTests
{
    // The places in the library made below.
    private const int FirstFlags = 0x200 + 16 + 4;
    private const int SecondFlags = 0x200 + 32 + 4;

    [TestMethod]
    public void OnlyTheFlagOfTheVersionAskedForChanges()
    {
        byte[] library = Library("GLIBCXX_3.4.32", "GLIBCXX_3.4.3");
        byte[] expected = [.. library];
        expected[FirstFlags] |= 2;

        Assert.AreEqual(1, ElfVersionNeeds.Weaken(library, "GLIBCXX_3.4.32"));

        CollectionAssert.AreEqual(expected, library);
    }

    [TestMethod]
    public void TheSecondEntryOfAListIsFoundToo()
    {
        byte[] library = Library("GLIBCXX_3.4.3", "GLIBCXX_3.4.32");

        Assert.AreEqual(1, ElfVersionNeeds.Weaken(library, "GLIBCXX_3.4.32"));

        Assert.AreEqual(0, library[FirstFlags]);
        Assert.AreEqual(2, library[SecondFlags]);
    }

    [TestMethod]
    public void AWeakDemandIsLeftAlone()
    {
        byte[] library = Library("GLIBCXX_3.4.32", "CXXABI_1.3");
        ElfVersionNeeds.Weaken(library, "GLIBCXX_3.4.32");

        Assert.AreEqual(0, ElfVersionNeeds.Weaken(library, "GLIBCXX_3.4.32"));
    }

    [TestMethod]
    public void ALibraryWithoutTheDemandIsLeftAlone()
    {
        byte[] library = Library("GLIBCXX_3.4.30", "CXXABI_1.3");
        byte[] before = [.. library];

        Assert.AreEqual(0, ElfVersionNeeds.Weaken(library, "GLIBCXX_3.4.32"));
        CollectionAssert.AreEqual(before, library);
    }

    [TestMethod]
    public void WhatIsNoLibraryIsRefused()
    {
        Assert.ThrowsExactly<InvalidDataException>(() => ElfVersionNeeds.Weaken(new byte[100], "GLIBCXX_3.4.32"));
        Assert.ThrowsExactly<InvalidDataException>(() => ElfVersionNeeds.Weaken([], "GLIBCXX_3.4.32"));
    }

    [TestMethod]
    public void ALibraryCutShortAnywhereInItsTablesIsRefused()
    {
        byte[] library = Library("GLIBCXX_3.4.32", "CXXABI_1.3");
        for (int length = 0; length < 0x290; length++)
            Assert.ThrowsExactly<InvalidDataException>(() => ElfVersionNeeds.Weaken(library[..length], "GLIBCXX_3.4.32"), $"{length} bytes");
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void TheLibraryInTheOutputLoadsOnThisSystem()
    {
        byte[] library = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "runtimes/linux-x64/native/libLibTorchSharp.so"));

        bool weak = ElfVersionNeeds.Weaken(library, "GLIBCXX_3.4.32") == 0;

        Assert.IsTrue(weak || SystemLibraries.AllContain("libstdc++.so.6", ElfVersionNeeds.Machine(library), "GLIBCXX_3.4.32"));
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void TheSystemsLibraryIsFoundAndSearchedForWholeVersions()
    {
        ushort machine = ElfVersionNeeds.Machine(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "runtimes/linux-x64/native/libLibTorchSharp.so")));

        Assert.IsTrue(SystemLibraries.AllContain("libstdc++.so.6", machine, "GLIBCXX_3.4.20"));
        Assert.IsFalse(SystemLibraries.AllContain("libstdc++.so.6", machine, "GLIBCXX_9.9"));
        Assert.IsFalse(SystemLibraries.AllContain("libstdc++.so.6", machine, "GLIBCXX_3.4.2000"));
        Assert.IsFalse(SystemLibraries.AllContain("libnothing.so.6", machine, ""));
        Assert.IsFalse(SystemLibraries.AllContain("libstdc++.so.6", 0, "GLIBCXX_3.4.20"));
    }

    /// <summary>
    /// The least library that demands two versions of one other library: file header, two program headers, and at 0x1000 more
    /// in memory than in the file, dynamic section (0x180), demands (0x200) and strings (0x280).
    /// </summary>
    private static byte[] Library(string first, string second)
    {
        const ulong Base = 0x1000;
        byte[] image = new byte[0x300];
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(image, 0);
        UInt16(18, 62);
        UInt64(32, 64);
        UInt16(54, 56);
        UInt16(56, 2);

        ProgramHeader(64, type: 1, offset: 0, address: Base, size: (ulong)image.Length);
        ProgramHeader(64 + 56, type: 2, offset: 0x180, address: Base + 0x180, size: 64);

        Dynamic(0x180, 5, Base + 0x280);
        Dynamic(0x190, 0x6ffffffe, Base + 0x200);
        Dynamic(0x1a0, 0x6fffffff, 1);

        UInt16(0x200, 1);
        UInt16(0x202, 2);
        UInt32(0x208, 16);
        Auxiliary(0x210, name: 1, next: 16);
        Auxiliary(0x220, name: (uint)(2 + first.Length), next: 0);
        Encoding.ASCII.GetBytes($"\0{first}\0{second}\0").CopyTo(image, 0x280);
        return image;

        void UInt16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(at), value);
        void UInt32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(at), value);
        void UInt64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(at), value);

        void ProgramHeader(int at, uint type, ulong offset, ulong address, ulong size)
        {
            UInt32(at, type);
            UInt64(at + 8, offset);
            UInt64(at + 16, address);
            UInt64(at + 32, size);
        }

        void Dynamic(int at, ulong tag, ulong value)
        {
            UInt64(at, tag);
            UInt64(at + 8, value);
        }

        void Auxiliary(int at, uint name, uint next)
        {
            UInt32(at + 8, name);
            UInt32(at + 12, next);
        }
    }
}
