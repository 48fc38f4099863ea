using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace Microsoft.ML.Seq2Seq.Build.Tasks;

/// <summary>
/// The symbol versions that an ELF library (64 bits, little-endian) demands of other libraries: the dynamic linker refuses
/// to load it where one that is not weak is missing.
/// </summary>
internal sealed class ElfVersionNeeds
{
    // Names and layouts: System V ABI, chapters 4 and 5; Linux Standard Base, 10.7 Symbol Versioning.
    private const int PtLoad = 1, PtDynamic = 2;
    private const ulong DtStrTab = 5, DtVerNeed = 0x6ffffffe, DtVerNeedNum = 0x6fffffff;
    private const ushort VerFlgWeak = 2;

    private readonly byte[] _image;
    private readonly List<(ulong Address, ulong Offset, ulong Size)> _segments = [];

    private ElfVersionNeeds(byte[] image) => _image = image;

    /// <summary>Whether the bytes start like an ELF file of 64 bits, little-endian.</summary>
    public static bool IsElf64(byte[] image) =>
        image.Length >= 64 && image[0] == 0x7f && image[1] == 'E' && image[2] == 'L' && image[3] == 'F' && image[4] == 2 && image[5] == 1;

    /// <summary>The processor that an ELF file is for: e_machine of its header.</summary>
    public static ushort Machine(byte[] image) => BitConverter.ToUInt16(image, 18);

    /// <summary>Marks as weak each demand for <paramref name="version"/> that is not weak yet.</summary>
    /// <returns>The number of demands marked.</returns>
    /// <exception cref="InvalidDataException">The image is not an ELF library that can be read.</exception>
    public static int Weaken(byte[] image, string version)
    {
        if (!IsElf64(image))
            throw new InvalidDataException("not an ELF library of 64 bits, little-endian");
        try
        {
            return new ElfVersionNeeds(image).Weaken(version);
        }
        catch (Exception e) when (e is ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("the tables of the ELF library point outside of it", e);
        }
    }

    private int Weaken(string version)
    {
        (ulong needs, ulong count, ulong strings) = ReadDynamicSection();
        if (needs == 0)
            return 0;

        int weakened = 0;
        int need = FileOffset(needs);
        int names = FileOffset(strings);
        for (ulong i = 0; i < count; i++)
        {
            // Verneed: version 2, number of auxiliaries 2, file 4, auxiliary offset 4, next 4.
            int auxiliaries = UInt16(need + 2);
            int auxiliary = checked(need + Int32(need + 8));
            for (int j = 0; j < auxiliaries; j++)
            {
                // Vernaux: hash 4, flags 2, other 2, name 4, next 4.
                ushort flags = UInt16(auxiliary + 4);
                if ((flags & VerFlgWeak) == 0 && NameAt(checked(names + Int32(auxiliary + 8))) == version)
                {
                    BitConverter.GetBytes((ushort)(flags | VerFlgWeak)).CopyTo(_image, auxiliary + 4);
                    weakened++;
                }
                auxiliary = checked(auxiliary + Int32(auxiliary + 12));
            }
            int next = Int32(need + 12);
            if (next == 0)
                break;
            need = checked(need + next);
        }
        return weakened;
    }

    private (ulong Needs, ulong Count, ulong Strings) ReadDynamicSection()
    {
        int header = checked((int)UInt64(32));
        int size = UInt16(54);
        int headers = UInt16(56);
        int dynamic = -1;
        for (int i = 0; i < headers; i++, header += size)
        {
            // Phdr: type 4, flags 4, offset 8, virtual address 8, physical address 8, size in the file 8 …
            int type = Int32(header);
            if (type == PtLoad)
                _segments.Add((UInt64(header + 16), UInt64(header + 8), UInt64(header + 32)));
            else if (type == PtDynamic)
                dynamic = checked((int)UInt64(header + 8));
        }

        ulong needs = 0, count = 0, strings = 0;
        if (dynamic < 0)
            return (needs, count, strings);
        for (ulong tag; (tag = UInt64(dynamic)) != 0; dynamic += 16)
        {
            ulong value = UInt64(dynamic + 8);
            if (tag == DtVerNeed)
                needs = value;
            else if (tag == DtVerNeedNum)
                count = value;
            else if (tag == DtStrTab)
                strings = value;
        }
        return (needs, count, strings);
    }

    private int FileOffset(ulong address)
    {
        foreach ((ulong start, ulong offset, ulong size) in _segments)
        {
            if (address >= start && address - start < size)
                return checked((int)(address - start + offset));
        }
        throw new IndexOutOfRangeException();
    }

    private string NameAt(int offset) => Encoding.ASCII.GetString(_image, offset, Array.IndexOf(_image, (byte)0, offset) - offset);

    private ushort UInt16(int offset) => BitConverter.ToUInt16(_image, offset);

    private int Int32(int offset) => BitConverter.ToInt32(_image, offset);

    private ulong UInt64(int offset) => BitConverter.ToUInt64(_image, offset);
}
