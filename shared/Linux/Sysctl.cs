using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Linux;

/// <summary>Kernel settings below /proc/sys. Those of <c>net/</c> are of the calling thread's network namespace. Source: proc_sys(5).</summary>
public static class Sysctl
{
    /// <summary>The value of <paramref name="name"/> (such as <c>net/ipv4/ip_forward</c>) without its line end; null where the kernel has no such setting.</summary>
    public static string? Find(string name)
    {
        using var file = FileDescriptor.FindKernelFile(PathOf(name));
        if (file is null)
            return null;
        Span<byte> buffer = stackalloc byte[256];
        return Encoding.UTF8.GetString(buffer[..file.Read(buffer)]).TrimEnd();
    }

    /// <summary>Writes <paramref name="value"/>.</summary>
    public static void Write(string name, string value)
    {
        using var file = FileDescriptor.OpenKernelFileForWriting(PathOf(name));
        file.Write(Encoding.UTF8.GetBytes(value));
    }

    /// <summary>Writes <paramref name="value"/> whatever it was; false where the kernel has no such setting.</summary>
    public static bool TryWrite(string name, string value)
    {
        using var file = FileDescriptor.FindKernelFileForWriting(PathOf(name));
        file?.Write(Encoding.UTF8.GetBytes(value));
        return file is not null;
    }

    /// <summary>Writes <paramref name="value"/> unless it is already so, and tells the value it had; null where the kernel has no such setting.</summary>
    public static string? Ensure(string name, string value)
    {
        var had = Find(name);
        if (had is not null && had != value)
            Write(name, value);
        return had;
    }

    // A device name may hold dots, so a name's parts are divided by slashes only.
    private static string PathOf(string name) => "/proc/sys/" + name;
}
