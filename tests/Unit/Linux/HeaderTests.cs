using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Linux.LibC;
using Plugboard.Testing;
using LibC = Plugboard.Linux.LibC;

namespace Plugboard.Tests.Unit.Linux;

/// <summary>
/// What shared/Linux/LibC claims of the headers for mounts, files and loop devices, asserted by the C compiler against those headers.
/// </summary>
public sealed class HeaderTests
{
    // Structures whose fields have the C names, and those whose fields stand for the C names in this order.
    private static readonly Dictionary<Type, (string Name, string[] Fields)> structs = new()
    {
        [typeof(Mount.MountAttr)] = ("struct mount_attr", []),
        [typeof(OpenAt2.OpenHow)] = ("struct open_how", []),
        [typeof(Loop.LoopInfo64)] = ("struct loop_info64", []),
        [typeof(Loop.LoopConfig)] = ("struct loop_config", []),
        [typeof(Growth.BtrfsVolArgs)] = ("struct btrfs_ioctl_vol_args", []),
        [typeof(Quota.FsXAttr)] = ("struct fsxattr", []),
        [typeof(Quota.IfDqBlk)] = ("struct if_dqblk", []),
        [typeof(Growth.XfsGrowFsData)] = ("struct xfs_growfs_data", []),
        [typeof(LibC.File.TimeSpec)] = ("struct timespec", ["tv_sec", "tv_nsec"]),
        [typeof(LibC.File.StatFs)] = (
            "struct statfs",
            ["f_type", "f_bsize", "f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree", "f_fsid"]
        ),
        [typeof(LibC.File.StatxBuffer)] = (
            "struct statx",
            [
                "stx_mask",
                "stx_blksize",
                "stx_attributes",
                "stx_nlink",
                "stx_uid",
                "stx_gid",
                "stx_mode",
                "__spare0",
                "stx_ino",
                "stx_size",
                "stx_blocks",
                "stx_attributes_mask",
                "stx_atime",
                "stx_btime",
                "stx_ctime",
                "stx_mtime",
                "stx_rdev_major",
                "stx_rdev_minor",
                "stx_dev_major",
                "stx_dev_minor",
                "stx_mnt_id",
            ]
        ),
        [typeof(LibC.Process.PollFd)] = ("struct pollfd", ["fd", "events", "revents"]),
        [typeof(Socket.NetlinkAddress)] = ("struct sockaddr_nl", ["nl_family", "nl_pad", "nl_pid", "nl_groups"]),
        [typeof(Socket.LinkLayerAddress)] = (
            "struct sockaddr_ll",
            ["sll_family", "sll_protocol", "sll_ifindex", "sll_hatype", "sll_pkttype", "sll_halen", "sll_addr"]
        ),
    };

    // The structures of the first two filesystems' ioctls are in no header; AddressSize is our own name.
    private const string OwnDefinitions = """
        struct xfs_growfs_data { __u64 newblocks; __u32 imaxpct; };
        #define EXT4_IOC_RESIZE_FS _IOW('f', 16, __u64)
        #define XFS_IOC_FSGROWFSDATA _IOW('X', 110, struct xfs_growfs_data)
        #define LOOP_MAJOR 7
        #define AddressSize sizeof(struct sockaddr_in6)

        """;

    /// <summary>Headers, what is claimed of them, and whether only one architecture has it so.</summary>
    public static TheoryData<string, string, Type[]> Claims
    {
        get
        {
            var claims = new TheoryData<string, string, Type[]>();
            foreach (var (compiler, fcntl) in new[] { (Compiler.X64, typeof(FcntlX64)), (Compiler.Arm64, typeof(FcntlArm64)) })
            {
                claims.Add(
                    compiler,
                    "sys/mount.h fcntl.h sys/stat.h sys/vfs.h sys/file.h unistd.h sys/inotify.h signal.h sys/signalfd.h",
                    [typeof(Mount), typeof(LibC.File), fcntl, typeof(INotify), typeof(Signal)]
                );
                claims.Add(
                    compiler,
                    "linux/loop.h linux/openat2.h linux/btrfs.h sys/syscall.h linux/nsfs.h sched.h linux/fs.h linux/quota.h "
                        + "linux/dqblk_xfs.h",
                    [typeof(Loop), typeof(OpenAt2), typeof(Growth), typeof(Sched), typeof(Quota)]
                );
                claims.Add(
                    compiler,
                    "sys/socket.h netinet/in.h linux/netlink.h linux/if_packet.h sys/random.h poll.h signal.h sys/wait.h "
                        + "linux/close_range.h",
                    [typeof(Socket), typeof(Inet), typeof(Entropy), typeof(LibC.Process)]
                );
            }

            return claims;
        }
    }

    [CrossCompilerTheory]
    [MemberData(nameof(Claims))]
    public void Every_constant_and_struct_is_the_headers(string compiler, string headers, Type[] types)
    {
        var program = Program(headers, types, out var assertions);
        Assert.True(assertions > 30, $"{assertions} assertions");
        var (exitCode, output) = Compiler.Check(compiler, program);
        Assert.True(exitCode == 0, output);
    }

    [CrossCompilerTheory]
    [InlineData(Compiler.X64, typeof(FcntlArm64))]
    [InlineData(Compiler.Arm64, typeof(FcntlX64))]
    public void Flags_of_another_architecture_are_found(string compiler, Type flags)
    {
        var (exitCode, output) = Compiler.Check(compiler, Program("fcntl.h", [flags], out _));
        Assert.NotEqual(0, exitCode);
        Assert.Contains("O_NOFOLLOW", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_flags_are_those_of_the_architecture_that_runs() =>
        Assert.Equal(
            RuntimeInformation.ProcessArchitecture == Architecture.Arm64
                ? (FcntlArm64.O_DIRECTORY, FcntlArm64.O_NOFOLLOW, FcntlArm64.O_TMPFILE)
                : (FcntlX64.O_DIRECTORY, FcntlX64.O_NOFOLLOW, FcntlX64.O_TMPFILE),
            (LibC.File.O_DIRECTORY, LibC.File.O_NOFOLLOW, LibC.File.O_TMPFILE)
        );

    [Fact]
    public void A_wrong_constant_is_found()
    {
        var (exitCode, output) = Compiler.Check(
            "gcc",
            Program("linux/loop.h", [typeof(Loop)], out _) + "_Static_assert(LO_FLAGS_AUTOCLEAR == 5, \"LO_FLAGS_AUTOCLEAR\");\n"
        );
        Assert.NotEqual(0, exitCode);
        Assert.Contains("LO_FLAGS_AUTOCLEAR", output, StringComparison.Ordinal);
    }

    private static string Program(string headers, IEnumerable<Type> types, out int assertions)
    {
        var c = new StringBuilder("#define _GNU_SOURCE\n#include <stddef.h>\n#include <linux/types.h>\n#include <sys/ioctl.h>\n");
        foreach (var header in headers.Split(' '))
            c.AppendLine(CultureInfo.InvariantCulture, $"#include <{header}>");
        c.Append(OwnDefinitions);
        assertions = 0;
        foreach (var type in types)
        {
            foreach (var constant in type.GetFields(BindingFlags.Static | BindingFlags.Public).Where(static f => f.IsLiteral))
            {
                c.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"_Static_assert((unsigned long long)({constant.Name}) == (unsigned long long){Number(constant)}, \"{constant.Name}\");"
                );
                assertions++;
            }

            foreach (var nested in type.GetNestedTypes().Where(structs.ContainsKey))
                assertions += AppendStruct(c, nested);
        }

        return c.ToString();
    }

    private static string Number(FieldInfo constant)
    {
        var value = Convert.ToDecimal(
            constant.GetRawConstantValue() is UIntPtr pointer ? (ulong)pointer : constant.GetRawConstantValue(),
            CultureInfo.InvariantCulture
        );
        return value.ToString(CultureInfo.InvariantCulture) + (value < 0 ? "LL" : "ULL");
    }

    private static int AppendStruct(StringBuilder c, Type type)
    {
        var (name, names) = structs[type];
        var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public);
        if (names.Length == 0)
            names = [.. fields.Select(static field => field.Name)];
        Assert.Equal(fields.Length, names.Length);
        c.AppendLine(CultureInfo.InvariantCulture, $"_Static_assert(sizeof({name}) == {Marshal.SizeOf(type)}, \"{name}\");");
        foreach (var (field, member) in fields.Zip(names))
            c.AppendLine(
                CultureInfo.InvariantCulture,
                $"_Static_assert(offsetof({name}, {member}) == {Marshal.OffsetOf(type, field.Name)}, \"{name}.{member}\");"
            );
        return fields.Length + 1;
    }
}
