using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Linux.LibC;
using Plugboard.Testing;

namespace Plugboard.Tests.Unit.Linux;

/// <summary>
/// What shared/Linux/LibC claims of the headers for mounts, files and loop devices, asserted by the C compiler against those headers.
/// </summary>
public sealed class HeaderTests
{
    private static readonly Dictionary<Type, string> structs = new()
    {
        [typeof(Mount.MountAttr)] = "struct mount_attr",
        [typeof(OpenAt2.OpenHow)] = "struct open_how",
        [typeof(Loop.LoopInfo64)] = "struct loop_info64",
        [typeof(Loop.LoopConfig)] = "struct loop_config",
        [typeof(Growth.BtrfsVolArgs)] = "struct btrfs_ioctl_vol_args",
        [typeof(Quota.FsXAttr)] = "struct fsxattr",
        [typeof(Quota.IfDqBlk)] = "struct if_dqblk",
        [typeof(Growth.XfsGrowFsData)] = "struct xfs_growfs_data",
    };

    // The structures of the first two filesystems' ioctls are in no header.
    private const string OwnDefinitions = """
        struct xfs_growfs_data { __u64 newblocks; __u32 imaxpct; };
        #define EXT4_IOC_RESIZE_FS _IOW('f', 16, __u64)
        #define XFS_IOC_FSGROWFSDATA _IOW('X', 110, struct xfs_growfs_data)
        #define LOOP_MAJOR 7

        """;

    [Theory]
    [InlineData(
        "sys/mount.h fcntl.h sys/stat.h sys/file.h unistd.h sys/inotify.h signal.h sys/signalfd.h",
        typeof(Mount),
        typeof(Plugboard.Linux.LibC.File),
        typeof(INotify),
        typeof(Signal)
    )]
    [InlineData(
        "linux/loop.h linux/openat2.h linux/btrfs.h sys/syscall.h linux/nsfs.h sched.h linux/fs.h linux/quota.h linux/dqblk_xfs.h",
        typeof(Loop),
        typeof(OpenAt2),
        typeof(Growth),
        typeof(Sched),
        typeof(Quota)
    )]
    public void Every_constant_and_struct_is_the_headers(string headers, params Type[] types)
    {
        var program = Program(headers, types, out var assertions);
        Assert.True(assertions > 30, $"{assertions} assertions");
        var (exitCode, output) = Compile(program);
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void A_wrong_constant_is_found()
    {
        var (exitCode, output) = Compile(
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
        var name = structs[type];
        var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public);
        c.AppendLine(CultureInfo.InvariantCulture, $"_Static_assert(sizeof({name}) == {Marshal.SizeOf(type)}, \"{name}\");");
        foreach (var field in fields)
            c.AppendLine(
                CultureInfo.InvariantCulture,
                $"_Static_assert(offsetof({name}, {field.Name}) == {Marshal.OffsetOf(type, field.Name)}, \"{name}.{field.Name}\");"
            );
        return fields.Length + 1;
    }

    private static (int ExitCode, string Output) Compile(string program) => HostTool.Run("gcc", ["-fsyntax-only", "-x", "c", "-"], program);
}
