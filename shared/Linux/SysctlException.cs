namespace Plugboard.Linux;

/// <summary>A kernel setting with a wrong value that cannot be written: its name, its value, the needed value, and the reason.</summary>
/// <param name="name">Its name, such as <c>net/ipv4/ip_forward</c>.</param>
/// <param name="value">The value it should have.</param>
/// <param name="had">The value it has; null if it cannot be read or is absent.</param>
/// <param name="errno">The kernel's error number.</param>
public sealed class SysctlException(string name, string value, string? had, Errno errno)
    : ErrnoException("write", Sysctl.PathOf(name), errno, Sentence(name, value, had, errno))
{
    /// <summary>The setting and the value it should have.</summary>
    public SysctlChange Wanted { get; } = new(name, value);

    /// <summary>What an operator does about it.</summary>
    public string Advice =>
        Errno switch
        {
            Errno.ENOENT => "the kernel does not have this setting: load its module",
            Errno.EINVAL => "the kernel does not take this value",
            _ => $"set {Wanted} on the node (sysctl -w, and a file in /etc/sysctl.d for the next boot), "
                + "or give the caller a writable /proc/sys",
        };

    private static string Sentence(string name, string value, string? had, Errno errno)
    {
        var now = had is null ? "" : $", which is {had},";
        return $"cannot set {Sysctl.Dotted(name)}{now} to {value}: write {Sysctl.PathOf(name)}: {Describe(errno)}";
    }
}
