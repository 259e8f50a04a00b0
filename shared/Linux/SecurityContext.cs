using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Linux;

/// <summary>SELinux's label of a process. Source: proc_pid_attr(5).</summary>
public static class SecurityContext
{
    private const string EnforcePath = "/sys/fs/selinux/enforce";
    private const string NextPath = "/proc/thread-self/attr/exec";

    /// <summary>True if the kernel labels processes by SELinux.</summary>
    public static bool IsSELinuxOn => FileDescriptor.FindStatus(EnforcePath) is not null;

    /// <summary>The context of the next executable that the calling thread starts.</summary>
    /// <exception cref="ErrnoException">EINVAL: the context is wrong; EACCES: the policy forbids it.</exception>
    public static void SetForNextExecutable(string context)
    {
        using var file = FileDescriptor.Open(null, NextPath, O_WRONLY, 0);
        file.Write(Encoding.UTF8.GetBytes(context));
    }
}
