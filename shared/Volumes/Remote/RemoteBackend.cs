using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Remote;

/// <summary>
/// The common part of backends that mount from a server. Their calls may wait for the server: the caller gives them a process and a
/// deadline.
/// </summary>
/// <param name="policy">What the administrator allows.</param>
public abstract class RemoteBackend(VolumePolicy policy) : Backend(policy)
{
    /// <summary>The server of a volume.</summary>
    /// <exception cref="VolumeException">The options are wrong.</exception>
    public abstract RemoteServer ServerOf(PublishRequest request);

    /// <summary>Why a mount was refused.</summary>
    /// <param name="source">What was mounted.</param>
    /// <param name="cause">The kernel's error.</param>
    /// <param name="advice">What to do; empty if nothing is known.</param>
    private protected VolumeException Refused(string source, ErrnoException cause, string advice) =>
        VolumeException.From($"{Name}: cannot mount {source}", cause, IsTold(cause) ? "" : advice);

    // The kernel names the option that it does not take: nothing else is the cause.
    private static bool IsTold(ErrnoException e) =>
        e is MountException { Errno: Errno.EINVAL, KernelText: var text }
        && ((string[])["nknown parameter", "Bad value", "out of range"]).Any(words => text.Contains(words, StringComparison.Ordinal));

    /// <summary>An address as mount options have it.</summary>
    private protected static string TextOf(IPAddr address) => address.ToString();

    /// <summary>Parameters in words; an administrator's may be secret, and those are left out.</summary>
    private protected static string Describe(IEnumerable<MountParameter> parameters)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in parameters)
        {
            if (key is not ("password" or "pass" or "username"))
                text.Append(text.Length == 0 ? "" : ",").Append(key).Append(value is null ? "" : "=" + value);
        }

        return text.Length == 0 ? "no options" : text.ToString();
    }
}
