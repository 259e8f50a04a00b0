using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Linux;

/// <summary>
/// Kernel settings below /proc/sys. Those of <c>net/</c> are of the calling thread's network namespace. Source: proc_sys(5).
/// </summary>
public static class Sysctl
{
    private const int LongestValue = 1 << 16;

    /// <summary>
    /// The value of <paramref name="name"/> (such as <c>net/ipv4/ip_forward</c>) without its line end; null if the kernel has no such
    /// setting.
    /// </summary>
    public static string? Find(string name)
    {
        using var file = FileDescriptor.FindKernelFile(PathOf(name));
        if (file is null)
            return null;
        Span<byte> buffer = stackalloc byte[256];
        var length = file.Read(buffer);
        if (length < buffer.Length)
            return Encoding.UTF8.GetString(buffer[..length]).TrimEnd();
        // Few are longer, such as ip_local_reserved_ports, and some of them are only given whole, from the start.
        var whole = new byte[LongestValue];
        return Encoding.UTF8.GetString(whole, 0, file.ReadAt(whole, 0)).TrimEnd();
    }

    /// <summary>
    /// As <see cref="Find"/>; null also if it cannot be read: some are only written (<c>net/ipv4/route/flush</c>), and
    /// <c>net/ipv6/conf/*/stable_secret</c> has no value before its first (EIO).
    /// </summary>
    public static string? FindReadable(string name)
    {
        try
        {
            return Find(name);
        }
        catch (ErrnoException)
        {
            return null;
        }
    }

    /// <summary>Sets <paramref name="name"/> to <paramref name="value"/>.</summary>
    /// <exception cref="SysctlException">The setting is not so and cannot be written, or there is no such setting (ENOENT).</exception>
    public static void Write(string name, string value)
    {
        if (TrySet(name, value) is { } refusal)
            throw refusal;
    }

    /// <summary>Sets <paramref name="name"/> to <paramref name="value"/>; false if the kernel has no such setting.</summary>
    /// <exception cref="SysctlException">The setting is not so and cannot be written.</exception>
    public static bool TryWrite(string name, string value) =>
        TrySet(name, value) switch
        {
            null => true,
            { Errno: Errno.ENOENT } => false,
            var refusal => throw refusal,
        };

    /// <summary>
    /// Sets <paramref name="name"/> to <paramref name="value"/>. Returns why it could not; null if the setting has the value now. If
    /// /proc/sys is read-only, as in containers, the right value suffices. It writes without reading first: looking up a path below
    /// /proc/sys/net takes longer the more namespaces the machine has.
    /// </summary>
    public static SysctlException? TrySet(string name, string value)
    {
        using var file = FileDescriptor.TryOpen(null, PathOf(name), O_WRONLY, 0, out var errno);
        if (file is not null)
            errno = TryWrite(file, value);
        if (errno == Errno.None)
            return null;
        var had = FindReadable(name);
        return had == value ? null : new SysctlException(name, value, had, errno == Errno.ENOTDIR ? Errno.ENOENT : errno);
    }

    /// <summary>
    /// Writes <paramref name="value"/> unless the setting has it, and returns the previous value; null if the kernel does not have the
    /// setting.
    /// </summary>
    /// <exception cref="SysctlException">The setting has another value and cannot be written.</exception>
    public static string? Ensure(string name, string value)
    {
        var had = Find(name);
        if (had is not null && had != value)
            Write(name, value);
        return had;
    }

    /// <summary>
    /// A name as people and sysctl(8) write it: <c>net.ipv4.conf.eth0/100.tag</c> for <c>net/ipv4/conf/eth0.100/tag</c>; and the other way
    /// round.
    /// </summary>
    public static string Dotted(string name) =>
        string.Create(
            name.Length,
            name,
            static (text, name) =>
            {
                for (var i = 0; i < text.Length; i++)
                    text[i] = name[i] switch
                    {
                        '/' => '.',
                        '.' => '/',
                        var c => c,
                    };
            }
        );

    private static Errno TryWrite(FileDescriptor file, string value)
    {
        try
        {
            // Nothing at all is no write for the kernel: a line end is the empty value, as sysctl(8) writes it.
            file.Write(value.Length > 0 ? Encoding.UTF8.GetBytes(value) : "\n"u8);
            return Errno.None;
        }
        catch (ErrnoException e)
        {
            return e.Errno;
        }
    }

    // A device name may hold dots, so a name's parts are divided by slashes only.
    internal static string PathOf(string name) => "/proc/sys/" + name;
}

/// <summary>A kernel setting to write.</summary>
/// <param name="Name">Its name, such as <c>net/ipv4/ip_forward</c>.</param>
/// <param name="Value">The value to write.</param>
public readonly record struct SysctlChange(string Name, string Value)
{
    /// <summary>As sysctl(8) has it: <c>net.ipv4.ip_forward=1</c>.</summary>
    public override string ToString() => $"{Sysctl.Dotted(Name)}={Value}";
}
