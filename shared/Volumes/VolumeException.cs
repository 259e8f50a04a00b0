using Plugboard.Addresses;
using Plugboard.Linux;
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
        return new VolumeException($"{what}: {name}: {words}{(advice.Length == 0 ? "" : "; " + advice)}", cause);
    }
}
