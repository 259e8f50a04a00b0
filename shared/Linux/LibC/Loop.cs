using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>linux/loop.h: loop devices.</summary>
internal static unsafe partial class Loop
{
    public const nuint LOOP_SET_FD = 0x4C00;
    public const nuint LOOP_CLR_FD = 0x4C01;
    public const nuint LOOP_SET_STATUS64 = 0x4C04;
    public const nuint LOOP_GET_STATUS64 = 0x4C05;
    public const nuint LOOP_SET_CAPACITY = 0x4C07;
    public const nuint LOOP_CONFIGURE = 0x4C0A;
    public const nuint LOOP_CTL_GET_FREE = 0x4C82;
    public const uint LO_FLAGS_READ_ONLY = 1;
    public const uint LO_FLAGS_AUTOCLEAR = 4;
    public const uint LO_FLAGS_DIRECT_IO = 16;
    public const int LO_NAME_SIZE = 64;

    /// <summary>The block major of loop devices (linux/major.h).</summary>
    public const uint LOOP_MAJOR = 7;

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int fd, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int fd, nuint request, nint argument);

    /// <summary>struct loop_info64.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct LoopInfo64
    {
        public ulong lo_device;
        public ulong lo_inode;
        public ulong lo_rdevice;
        public ulong lo_offset;
        public ulong lo_sizelimit;
        public uint lo_number;
        public uint lo_encrypt_type;
        public uint lo_encrypt_key_size;
        public uint lo_flags;
        public fixed byte lo_file_name[LO_NAME_SIZE];
        public fixed byte lo_crypt_name[LO_NAME_SIZE];
        public fixed byte lo_encrypt_key[32];
        public fixed ulong lo_init[2];
    }

    /// <summary>struct loop_config.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct LoopConfig
    {
        public uint fd;
        public uint block_size;
        public LoopInfo64 info;
        public fixed ulong __reserved[8];
    }
}
