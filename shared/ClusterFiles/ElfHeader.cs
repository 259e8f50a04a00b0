using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Plugboard.Linux.Files;

namespace Plugboard.ClusterFiles;

/// <summary>Whether a file is an executable of this machine, and whole. Source: elf(5), include/uapi/linux/elf-em.h.</summary>
internal static class ElfHeader
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int MostProgramHeaders = 64;

    private static ReadOnlySpan<byte> Magic => [0x7f, (byte)'E', (byte)'L', (byte)'F'];

    /// <summary>What is wrong with it; null: nothing. A script is left to its interpreter.</summary>
    public static string? FindFault(FileDescriptor file)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        header = header[..file.ReadAt(header, 0)];
        if (header.IsEmpty)
            return "it is empty: a copy that was not finished";
        if (header.StartsWith("#!"u8))
            return null;
        if (!header.StartsWith(Magic))
            return "it is no executable (no ELF)";
        if (header.Length < HeaderSize)
            return "it is cut off: a copy that was not finished";
        var machine = BinaryPrimitives.ReadUInt16LittleEndian(header[18..]);
        if (header[4] != 2 || header[5] != 1 || machine != OwnMachine)
            return $"it is for another processor ({NameOf(machine)}), this machine is {NameOf(OwnMachine)}";
        return FindCut(file, header);
    }

    // Each segment's bytes must be there.
    private static string? FindCut(FileDescriptor file, ReadOnlySpan<byte> header)
    {
        var offset = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
        var count = Math.Min((int)BinaryPrimitives.ReadUInt16LittleEndian(header[56..]), MostProgramHeaders);
        Span<byte> table = stackalloc byte[count * ProgramHeaderSize];
        var size = (ulong)file.Status().Size;
        var whole = offset >= HeaderSize && file.ReadAt(table, offset) == table.Length;
        for (var i = 0; whole && i < count; i++)
        {
            var entry = table.Slice(i * ProgramHeaderSize, ProgramHeaderSize);
            var (start, length) = (
                BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[32..])
            );
            whole = start <= size && length <= size - start;
        }

        return whole ? null : "it is cut off: a copy that was not finished";
    }

    private static ushort OwnMachine =>
        RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 62,
            Architecture.Arm64 => 183,
            Architecture.RiscV64 => 243,
            Architecture.Ppc64le => 21,
            _ => 0,
        };

    private static string NameOf(ushort machine) =>
        machine switch
        {
            3 => "i386",
            20 => "ppc",
            21 => "ppc64le",
            22 => "s390x",
            40 => "arm",
            62 => "x86-64",
            183 => "arm64",
            243 => "riscv64",
            var other => $"ELF machine {other}",
        };
}
