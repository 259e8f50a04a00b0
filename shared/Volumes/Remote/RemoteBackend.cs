using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Remote;

/// <summary>
/// The common part of backends that mount from a server. Their calls may wait for the server: the caller gives them a process and a
/// deadline.
/// </summary>
/// <param name="policy">What the administrator allows.</param>
public abstract class RemoteBackend(VolumePolicy policy) : Backend(policy)
{
    private static readonly TimeSpan moduleTime = TimeSpan.FromSeconds(20);

    /// <summary>The server of a volume.</summary>
    /// <exception cref="VolumeException">The options are wrong.</exception>
    public RemoteServer ServerOf(PublishRequest request) => PlanOf(request).Server;

    private protected abstract RemotePlan PlanOf(PublishRequest request);

    /// <summary>
    /// Publishes a volume once: a mount that is as it should be stays, and a new mount is made only from a server that answers.
    /// </summary>
    /// <param name="plan">The volume.</param>
    /// <param name="target">The pod's mount point.</param>
    /// <param name="types">The filesystem's types as mountinfo shows them.</param>
    /// <param name="mount">Mounts it from the address to the place; returns the rest of the message after "is mounted".</param>
    /// <returns>What was done.</returns>
    private protected string Publish(RemotePlan plan, string target, string[] types, Func<IPAddr, FileDescriptor, string> mount)
    {
        using var locked = VolumeTarget.Lock(target, Policy);
        if (locked.TryKeep(top => types.Contains(top.Type) && top.Source == plan.Source, plan.Source, plan.Words.Attributes))
            return $"{plan.Source} is already mounted";
        var address = plan.Server.Resolve(Name);
        plan.Server.RequireAnswer(Name, address);
        using var place = locked.Prepare();
        var how = mount(address, place);
        locked.Publish();
        return $"{plan.Source} is mounted{how}";
    }

    /// <summary>Mounts, and once more after loading the kernel's module where that was missing.</summary>
    /// <param name="type">The filesystem's type, after which its module is called.</param>
    /// <param name="source">What is mounted, for the message.</param>
    /// <param name="mount">Mounts it.</param>
    /// <param name="advice">What to do about a refusal; empty if nothing is known.</param>
    private protected void MountRemote(string type, string source, Action<Mounting> mount, Func<Errno, string> advice)
    {
        try
        {
            TryMount(type, mount);
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From($"{Name}: cannot mount {source}", e, IsTold(e) ? "" : advice(e.Errno));
        }
    }

    // The kernel names the option that it does not take: nothing else is the cause.
    private static bool IsTold(ErrnoException e) =>
        e is MountException { Errno: Errno.EINVAL, KernelText: var text }
        && ((string[])["nknown parameter", "Bad value", "out of range"]).Any(words => text.Contains(words, StringComparison.Ordinal));

    private void TryMount(string type, Action<Mounting> mount)
    {
        try
        {
            mount(new Mounting(Policy.MountApi));
        }
        catch (ErrnoException e) when (e.Errno == Errno.ENODEV && TryLoad(type))
        {
            mount(new Mounting(Policy.MountApi));
        }
    }

    private static bool TryLoad(string module)
    {
        foreach (var tool in new[] { "/sbin/modprobe", "/usr/sbin/modprobe" })
        {
            if (FileDescriptor.FindStatus(tool) is not null)
                return new Command(tool)
                {
                    Arguments = ["-q", module],
                    Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
                    Timeout = moduleTime,
                }
                    .Run()
                    .Succeeded;
        }

        return false;
    }

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
