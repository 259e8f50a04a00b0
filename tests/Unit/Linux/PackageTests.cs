using System.Globalization;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text;
using System.Xml.Linq;
using Plugboard.Linux;
using Plugboard.Testing;

namespace Plugboard.Tests.Unit.Linux;

/// <summary>
/// What Plugboard.Linux uses of Tmds.LibC, read from its IL. The package has an assembly for each architecture: the C compiler of each
/// compares the constants and structures of its own with the headers.
/// </summary>
public sealed class PackageTests
{
    private const string Namespace = "Tmds.Linux";

    private const string Headers =
        "stddef.h fcntl.h sys/mount.h sys/stat.h sys/socket.h netinet/in.h linux/netlink.h linux/if_packet.h linux/openat2.h poll.h "
        + "sched.h signal.h time.h unistd.h";

    // They return no errno: the number that they give is the answer, or the error itself.
    private static readonly string[] withoutErrno = ["alarm", "geteuid", "pthread_sigmask"];

    // The package's names for two types of C that have none of one word.
    private static readonly Dictionary<string, string> words = new() { ["long_t"] = "long", ["ulong_t"] = "unsigned long" };

    [CrossCompilerTheory]
    [InlineData(Compiler.X64, "linux-x64")]
    [InlineData(Compiler.Arm64, "linux-arm64")]
    public void Every_constant_and_struct_that_is_used_is_the_headers(string compiler, string runtime)
    {
        var program = Program(runtime, out var assertions);
        Assert.True(assertions > 90, $"{assertions} assertions");
        var (exitCode, output) = Compiler.Check(compiler, program);
        Assert.True(exitCode == 0, output);
    }

    [CrossCompilerTheory]
    [InlineData(Compiler.X64, "linux-arm64")]
    [InlineData(Compiler.Arm64, "linux-x64")]
    public void Flags_of_another_architecture_are_found(string compiler, string runtime)
    {
        var (exitCode, output) = Compiler.Check(compiler, Program(runtime, out _));
        Assert.NotEqual(0, exitCode);
        Assert.Contains("O_NOFOLLOW", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_function_that_is_used_keeps_errno()
    {
        var functions = UsedMembers().Where(static name => !IsConstant(name)).ToArray();
        Assert.Contains("read", functions);
        Assert.All(
            functions.Except(withoutErrno),
            static name => Assert.All(Imports(name), static import => Assert.True(import.SetLastError))
        );
    }

    // A library that is not listed is opened with dlopen(3) at the first call, which a static executable cannot do in an empty root.
    [Fact]
    public void Every_function_that_is_used_is_of_a_library_that_is_linked_in()
    {
        var linked = XDocument
            .Load(Path.GetFullPath("../../../plugins/Directory.Build.props", OwnDirectory()))
            .Descendants("DirectPInvoke")
            .SelectMany(static item => item.Attribute("Include")!.Value.Split(';'))
            .ToArray();
        Assert.All(
            UsedMembers().Where(static name => !IsConstant(name)).SelectMany(Imports),
            import => Assert.Contains(import.Value, linked)
        );
    }

    private static string OwnDirectory([CallerFilePath] string own = "") => Path.GetDirectoryName(own)!;

    private static bool IsConstant(string member) => member.StartsWith("get_", StringComparison.Ordinal);

    private static IEnumerable<DllImportAttribute> Imports(string function) =>
        typeof(Tmds.Linux.LibC)
            .GetMethods()
            .Where(method => method.Name == function)
            .Select(static method => method.GetCustomAttribute<DllImportAttribute>()!);

    private static string[] UsedMembers()
    {
        using var file = new PEReader(File.OpenRead(typeof(ErrnoException).Assembly.Location));
        var reader = file.GetMetadataReader();
        return
        [
            .. reader
                .MemberReferences.Select(reader.GetMemberReference)
                .Where(member => member.Parent.Kind == HandleKind.TypeReference)
                .Where(member => IsOfPackage(reader, (TypeReferenceHandle)member.Parent, out var type) && type == "LibC")
                .Select(member => reader.GetString(member.Name))
                .Distinct(),
        ];
    }

    private static string[] UsedTypes()
    {
        using var file = new PEReader(File.OpenRead(typeof(ErrnoException).Assembly.Location));
        var reader = file.GetMetadataReader();
        var types = new List<string>();
        foreach (var handle in reader.TypeReferences)
        {
            if (IsOfPackage(reader, handle, out var type) && type != "LibC")
                types.Add(type);
        }

        return [.. types];
    }

    private static bool IsOfPackage(MetadataReader reader, TypeReferenceHandle handle, out string name)
    {
        var type = reader.GetTypeReference(handle);
        name = reader.GetString(type.Name);
        return reader.GetString(type.Namespace) == Namespace;
    }

    private static string Program(string runtime, out int assertions)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "runtimes", runtime, "lib/netstandard2.0/Tmds.LibC.dll");
        var package = new AssemblyLoadContext(runtime).LoadFromAssemblyPath(path);
        var c = new StringBuilder("#define _GNU_SOURCE\n");
        foreach (var header in Headers.Split(' '))
            c.AppendLine(CultureInfo.InvariantCulture, $"#include <{header}>");
        assertions = 0;
        foreach (var name in UsedMembers().Where(IsConstant).Select(static member => member[4..]))
        {
            if (name == "errno")
                continue;
            var value = Convert.ToString(
                package.GetType($"{Namespace}.LibC")!.GetProperty(name)!.GetValue(null),
                CultureInfo.InvariantCulture
            );
            var suffix = value!.StartsWith('-') ? "LL" : "ULL";
            Claim(c, $"(unsigned long long)({name}) == (unsigned long long){value}{suffix}", name, ref assertions);
        }

        foreach (var name in UsedTypes())
            AppendType(c, package.GetType($"{Namespace}.{name}")!, ref assertions);
        return c.ToString();
    }

    private static void AppendType(StringBuilder c, Type type, ref int assertions)
    {
        var isStruct = !type.Name.EndsWith("_t", StringComparison.Ordinal);
        var name = isStruct ? "struct " + type.Name : words.GetValueOrDefault(type.Name, type.Name);
        Claim(c, $"sizeof({name}) == {Marshal.SizeOf(type)}", name, ref assertions);
        if (!isStruct)
            return;
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            // A property's field is named after it: <sll_family>k__BackingField. Padding has a name of its own, after an underscore.
            var member = field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name;
            if (!member.StartsWith('_'))
                Claim(c, $"offsetof({name}, {member}) == {Marshal.OffsetOf(type, field.Name)}", $"{name}.{member}", ref assertions);
        }
    }

    private static void Claim(StringBuilder c, string condition, string subject, ref int assertions)
    {
        c.AppendLine(CultureInfo.InvariantCulture, $"_Static_assert({condition}, \"{subject}\");");
        assertions++;
    }
}
