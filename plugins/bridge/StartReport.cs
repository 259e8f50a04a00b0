using Plugboard.Addresses;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Starting;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>
/// Reports a pod of Kubernetes to the coordinator before it can send, if that enforces network policy here, and waits at the end of ADD
/// until the pod's policies are in force. Without a coordinator, or for a container that is no pod, an ADD costs one open(2) that fails.
/// </summary>
internal sealed class StartReport
{
    private const string NamespaceKey = "K8S_POD_NAMESPACE";
    private const string NameKey = "K8S_POD_NAME";

    // The runtime's first network. Those of further networks are none of a pod's own for NetworkPolicy.
    private const string FirstInterface = "eth0";

    private readonly Attachment owner;
    private readonly TimeSpan patience;

    private StartReport(Attachment owner, TimeSpan patience)
    {
        this.owner = owner;
        this.patience = patience;
    }

    /// <summary>Writes the pod's record; null: there is nothing to report.</summary>
    public static StartReport? Send(CniRequest request, IReadOnlyList<CniIP> ips, Rollback rollback)
    {
        var starts = new PodStarts();
        if (request.IfName != FirstInterface || ips.Count == 0 || starts.FindWait() is not { } patience)
            return null;
        var args = CniArgs.ParseLeniently(request.Args, NamespaceKey, NameKey);
        if (args.Find(NamespaceKey) is not { Length: > 0 } home || args.Find(NameKey) is not { Length: > 0 } name)
            return null;
        var addresses = new List<IPAddr>(ips.Count);
        foreach (var ip in ips)
            addresses.Add(ip.Address.Address);
        starts.Announce(
            new PodStart(request.Attachment, home, name, addresses.ToValueArray(), BootClock.Milliseconds)
            {
                NetNs = NetworkNamespace.FindOwnInode(),
            }
        );
        rollback.OnFailure("take back the pod's record", () => starts.Withdraw(request.Attachment));
        return new StartReport(request.Attachment, patience);
    }

    /// <summary>
    /// Waits as long as the operator chose; then the pod starts, closed or open as the coordinator's rules are. Also where it cannot wait,
    /// because root has no inotify instance left: the pod is attached by now.
    /// </summary>
    public void Wait()
    {
        if (patience <= TimeSpan.Zero)
            return;
        try
        {
            new PodStarts().WaitUntilReady(owner, patience);
        }
        catch (ErrnoException e)
        {
            BridgePlugin.Report("wait until the pod's policies are in force", e);
        }
    }

    /// <summary>Takes a pod's record away: before its addresses are free for others.</summary>
    public static void Withdraw(CniRequest request)
    {
        if (request.IfName == FirstInterface)
            new PodStarts().Withdraw(request.Attachment);
    }

    /// <summary>Takes away the records of pods that are not valid any more.</summary>
    public static void Collect(CniRequest request, IReadOnlySet<Attachment> valid) =>
        new PodStarts().Collect(request.NetworkName, AttachmentTag.All(valid));
}
