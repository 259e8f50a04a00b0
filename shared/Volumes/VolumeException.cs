using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes;

/// <summary>
/// Why a volume cannot be mounted, for the pod's events: <c>backend: what failed: why; what to do</c>. Never a secret, the cause first.
/// </summary>
public class VolumeException : Exception
{
    /// <summary>A whole sentence.</summary>
    public VolumeException(string message, Exception? inner = null)
        : base(Excerpt.OfMessage(message), inner) { }

    /// <summary>A failed system call: <c>nfs: cannot mount 10.0.0.5:/x: EACCES: permission denied; advice</c>.</summary>
    /// <param name="what">The backend and what it could not do, such as <c>tmpfs: cannot mount</c>.</param>
    /// <param name="cause">The error; a <see cref="MountException"/> includes the kernel's own words.</param>
    /// <param name="advice">What to do; empty if unknown.</param>
    public static VolumeException From(string what, ErrnoException cause, string advice = "")
    {
        var words = cause is MountException { KernelText.Length: > 0 } mount ? mount.KernelText : ErrnoException.Sentence(cause.Errno);
        var name = Enum.IsDefined(cause.Errno) ? cause.Errno.ToString() : $"errno {(int)cause.Errno}";
        var remedy = advice.Length == 0 ? RemedyFor(cause) : advice;
        return new VolumeException($"{what}: {name}: {words}{(remedy.Length == 0 ? "" : "; " + remedy)}", cause);
    }

    private static string RemedyFor(ErrnoException cause) =>
        cause switch
        {
            // count_mounts() in fs/namespace.c.
            { Errno: Errno.ENOSPC, Call: "mount" or "move_mount" } =>
                "the mount namespace has as many mounts as sysctl fs.mount-max allows: unmount what is left over (findmnt), or raise it",
            { Errno: Errno.ENOSPC or Errno.EDQUOT } and not MountException => SpaceShortage.Remedy(cause.Errno, cause.Subject),
            _ => "",
        };
}
