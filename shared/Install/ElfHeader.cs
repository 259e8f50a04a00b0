using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Plugboard.Linux.Files;

namespace Plugboard.Install;

/// <summary>What the first bytes of an executable tell. Source: elf(5).</summary>
/// <param name="Machine">Which processor it is for, EM_….</param>
/// <param name="IsExecutable">An executable, and not a library's source or an object file.</param>
/// <param name="HasInterpreter">It needs a dynamic linker, so it runs only where that and its libraries are.</param>
public sealed record ElfHeader(ushort Machine, bool IsExecutable, bool HasInterpreter)
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const uint PtInterp = 3;

    private static ReadOnlySpan<byte> Magic => [0x7f, (byte)'E', (byte)'L', (byte)'F'];

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

    /// <summary>Reads it; null where the file is no ELF, such as a script.</summary>
    public static ElfHeader? Find(FileDescriptor file)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        if (file.ReadAt(header, 0) < HeaderSize || !header.StartsWith(Magic))
            return null;
        var littleEndian = header[5] == 1;
        var (type, machine) = littleEndian
            ? (BinaryPrimitives.ReadUInt16LittleEndian(header[16..]), BinaryPrimitives.ReadUInt16LittleEndian(header[18..]))
            : (BinaryPrimitives.ReadUInt16BigEndian(header[16..]), BinaryPrimitives.ReadUInt16BigEndian(header[18..]));
        const ushort Executable = 2,
            Shared = 3;
        // Program headers are looked at only where this machine could run it.
        return new ElfHeader(machine, type is Executable or Shared, littleEndian && header[4] == 2 && FindInterpreter(file, header));
    }

    private static bool FindInterpreter(FileDescriptor file, ReadOnlySpan<byte> header)
    {
        var offset = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
        var count = Math.Min((int)BinaryPrimitives.ReadUInt16LittleEndian(header[56..]), 64);
        Span<byte> table = stackalloc byte[count * ProgramHeaderSize];
        if (offset < 0 || file.ReadAt(table, offset) < table.Length)
            return false;
        for (var i = 0; i < count; i++)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(table[(i * ProgramHeaderSize)..]) == PtInterp)
                return true;
        }

        return false;
    }

    /// <summary>A machine's usual name, such as <c>amd64</c>.</summary>
    public static string NameOf(ushort machine) =>
        machine switch
        {
            62 => "amd64",
            3 => "386",
            183 => "arm64",
            40 => "arm",
            22 => "s390x",
            21 => "ppc64le",
            243 => "riscv64",
            _ => $"machine {machine}",
        };
}
