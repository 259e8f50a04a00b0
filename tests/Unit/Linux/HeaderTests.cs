using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Linux.LibC;
using Plugboard.Testing;
using LibC = Plugboard.Linux.LibC;

namespace Plugboard.Tests.Unit.Linux;

/// <summary>
/// What shared/Linux/LibC claims of the headers, asserted by the C compiler against those headers.
/// </summary>
public sealed class HeaderTests
{
    // Structures whose fields have the C names, and those whose fields stand for the C names in this order.
    private static readonly Dictionary<Type, (string Name, string[] Fields)> structs = new()
    {
        [typeof(Mount.MountAttr)] = ("struct mount_attr", []),
        [typeof(Loop.LoopInfo64)] = ("struct loop_info64", []),
        [typeof(Loop.LoopConfig)] = ("struct loop_config", []),
        [typeof(Growth.BtrfsVolArgs)] = ("struct btrfs_ioctl_vol_args", []),
        [typeof(Quota.FsXAttr)] = ("struct fsxattr", []),
        [typeof(Quota.IfDqBlk)] = ("struct if_dqblk", []),
        [typeof(Growth.XfsGrowFsData)] = ("struct xfs_growfs_data", []),
        [typeof(LibC.File.StatFs)] = (
            "struct statfs",
            ["f_type", "f_bsize", "f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree", "f_fsid"]
        ),
        [typeof(LibC.Process.PollFd)] = ("struct pollfd", ["fd", "events", "revents"]),
        [typeof(Socket.NetlinkAddress)] = ("struct sockaddr_nl", ["nl_family", "nl_pad", "nl_pid", "nl_groups"]),
    };

    // The structures of the first two filesystems' ioctls are in no header; AddressSize is our own name.
    private const string OwnDefinitions = """
        struct xfs_growfs_data { __u64 newblocks; __u32 imaxpct; };
        #define EXT4_IOC_RESIZE_FS _IOW('f', 16, __u64)
        #define XFS_IOC_FSGROWFSDATA _IOW('X', 110, struct xfs_growfs_data)
        #define LOOP_MAJOR 7
        #define AddressSize sizeof(struct sockaddr_in6)

        """;

    /// <summary>A compiler, headers, and what is claimed of them.</summary>
    public static TheoryData<string, string, Type[]> Claims
    {
        get
        {
            var claims = new TheoryData<string, string, Type[]>();
            foreach (var compiler in new[] { Compiler.X64, Compiler.Arm64 })
            {
                claims.Add(
                    compiler,
                    "sys/mount.h fcntl.h sys/stat.h sys/vfs.h sys/file.h unistd.h sys/inotify.h signal.h sys/signalfd.h sys/socket.h "
                        + "netinet/in.h linux/netlink.h sys/random.h poll.h sys/wait.h linux/close_range.h",
                    [
                        typeof(Mount),
                        typeof(LibC.File),
                        typeof(INotify),
                        typeof(Signal),
                        typeof(Socket),
                        typeof(Inet),
                        typeof(Entropy),
                        typeof(LibC.Process),
                    ]
                );
                claims.Add(
                    compiler,
                    "linux/loop.h linux/if_tun.h linux/openat2.h linux/btrfs.h sys/syscall.h linux/nsfs.h sched.h linux/fs.h linux/quota.h "
                        + "linux/dqblk_xfs.h",
                    [typeof(Loop), typeof(Tun), typeof(OpenAt2), typeof(Growth), typeof(Sched), typeof(Quota)]
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
