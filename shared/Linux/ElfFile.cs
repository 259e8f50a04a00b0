using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Plugboard.Linux.Files;

namespace Plugboard.Linux;

/// <summary>
/// The header of an ELF file and, of a 64-bit little-endian one, its segments. Source: elf(5), include/uapi/linux/elf-em.h.
/// </summary>
public sealed class ElfFile
{
    internal const int HeaderSize = 64;
    internal const int MostSegments = 64;
    private const uint PtInterp = 3;
    private const ushort ExecutableType = 2; // ET_EXEC
    private const ushort SharedType = 3; // ET_DYN

    private ElfFile() { }

    /// <summary>What every file begins with whose segments are read: the magic number, 64 bits, little-endian.</summary>
    internal static ReadOnlySpan<byte> Ident => [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1];

    /// <summary>The processor that it is for, EM_….</summary>
    public ushort Machine { get; private init; }

    /// <summary>True for an executable, false for an object file or a core.</summary>
    public bool IsExecutable { get; private init; }

    /// <summary>True if it is 64-bit and little-endian; the segments of any other file are not read.</summary>
    public bool Is64LittleEndian { get; private init; }

    private bool HasWholeTable { get; init; }

    /// <summary>The segments; empty if the table cannot be read.</summary>
    public IReadOnlyList<ElfSegment> Segments { get; private init; } = [];

    /// <summary>True if a dynamic linker runs it: then it runs only where that and its libraries are.</summary>
    public bool HasInterpreter
    {
        get
        {
            foreach (var segment in Segments)
            {
                if (segment.Type == PtInterp)
                    return true;
            }

            return false;
        }
    }

    /// <summary>The machine that this process runs on.</summary>
    public static ushort OwnMachine =>
        RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 62,
            Architecture.X86 => 3,
            Architecture.Arm64 => 183,
            Architecture.Arm => 40,
            Architecture.S390x => 22,
            Architecture.Ppc64le => 21,
            Architecture.RiscV64 => 243,
            var other => throw new PlatformNotSupportedException($"unknown processor: {other}"),
        };

    /// <summary>Reads it; null if the file is not ELF, such as a script.</summary>
    /// <exception cref="ErrnoException">The file cannot be read.</exception>
    public static ElfFile? Find(FileDescriptor file)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        header = header[..file.ReadAt(header, 0)];
        if (!header.StartsWith(Ident[..4]))
            return null;
        if (header.Length < HeaderSize)
            return new ElfFile();
        var isLittleEndian = header[5] == 1;
        var type = ReadUInt16(header[16..], isLittleEndian);
        var elf = new ElfFile
        {
            Machine = ReadUInt16(header[18..], isLittleEndian),
            IsExecutable = type is ExecutableType or SharedType,
            Is64LittleEndian = header.StartsWith(Ident),
        };
        return elf.Is64LittleEndian ? elf.WithSegments(file, header) : elf;
    }

    private ElfFile WithSegments(FileDescriptor file, ReadOnlySpan<byte> header)
    {
        var offset = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
        var count = Math.Min((int)BinaryPrimitives.ReadUInt16LittleEndian(header[56..]), MostSegments);
        Span<byte> table = stackalloc byte[count * ElfSegment.EntrySize];
        if (offset < HeaderSize || file.ReadAt(table, offset) < table.Length)
            return this;
        var segments = new ElfSegment[count];
        for (var i = 0; i < count; i++)
            segments[i] = ElfSegment.Read(table[(i * ElfSegment.EntrySize)..]);
        return new ElfFile
        {
            Machine = Machine,
            IsExecutable = IsExecutable,
            Is64LittleEndian = true,
            HasWholeTable = true,
            Segments = segments,
        };
    }

    /// <summary>True if the header, the table of segments or a segment reaches beyond the file's end, as of an unfinished copy.</summary>
    /// <param name="file">The file that it was read from.</param>
    public bool IsCutOff(FileDescriptor file)
    {
        if (!HasWholeTable)
            return true;
        var size = (ulong)file.Status().Size;
        foreach (var segment in Segments)
        {
            if (segment.Offset > size || segment.Size > size - segment.Offset)
                return true;
        }

        return false;
    }

    private static ushort ReadUInt16(ReadOnlySpan<byte> bytes, bool isLittleEndian) =>
        isLittleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    /// <summary>A machine's usual name, such as <c>amd64</c>.</summary>
    public static string NameOf(ushort machine) =>
        machine switch
        {
            3 => "386",
            20 => "ppc",
            21 => "ppc64le",
            22 => "s390x",
            40 => "arm",
            62 => "amd64",
            183 => "arm64",
            243 => "riscv64",
            _ => $"machine {machine}",
        };
}

/// <summary>A segment of an executable: an entry of the program header table.</summary>
/// <param name="Type">PT_….</param>
/// <param name="Offset">Where its bytes begin in the file.</param>
/// <param name="Address">Where they are mapped.</param>
/// <param name="Size">How many bytes it has in the file.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ElfSegment(uint Type, ulong Offset, ulong Address, ulong Size)
{
    /// <summary>Bytes of an entry: Elf64_Phdr.</summary>
    internal const int EntrySize = 56;

    internal static ElfSegment Read(ReadOnlySpan<byte> entry) =>
        new(
            BinaryPrimitives.ReadUInt32LittleEndian(entry),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[32..])
        );
}
