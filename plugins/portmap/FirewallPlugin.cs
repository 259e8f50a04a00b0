using Plugboard.Addresses;
using Plugboard.Firewall.Accepting;
using Plugboard.Firewall.Firewalld;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Pods;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Portmap;

/// <summary>
/// Has the node's forward chain accept a pod, and keeps the pods of other bridges away. Comes after the plugin that gave the pod its
/// addresses.
/// </summary>
internal sealed class FirewallPlugin : CniPlugin
{
    private readonly FirewalldZones firewalld = new();
    private AcceptedPod? applied;
    private PodRecord? before;

    private const string RecordsPath = PodRecordStore.Root + "/firewall";

    private static PodRecordStore Records => new(RecordsPath);

    /// <inheritdoc/>
    public override string Name => "firewall";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var config = FirewallConfig.Parse(request.Config);
        var previous = RequirePrevious(request);
        var pod = config.PodOf(request, previous, config.Backend ?? Choose());
        FirewallConfig.RequireBridge(pod);
        using var pods = AcceptedPods.Open(Records, firewalld);
        using var rollback = new Rollback(Report);
        before = pods.Find(pod.Owner);
        applied = pod;
        rollback.OnFailure("take back the rules", () => pods.Undo(pod, before));
        pods.Apply(pod, before);
        rollback.Cancel();
        return previous;
    }

    private static CniResult RequirePrevious(CniRequest request) =>
        request.FindPrevResult()
        ?? throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            "missing prevResult from earlier plugin",
            "firewall comes after the plugin that gives the pod its interface, in a list of plugins"
        );

    // Without iptables nothing can be accepted; nothing needs to be where no chain drops.
    private AcceptBackend Choose() =>
        IsFirewalldRunning() ? AcceptBackend.Firewalld
        : HasIptables() ? AcceptBackend.Iptables
        : AcceptBackend.Nftables;

    // A bus that refuses this process has no firewalld for it; one that gives no answer may have.
    private bool IsFirewalldRunning()
    {
        try
        {
            return firewalld.IsRunning();
        }
        catch (BusException e) when (!e.IsSilence)
        {
            return false;
        }
    }

    private static bool HasIptables() =>
        new IptablesClient(is6: false, new IptablesOptions()).IsInstalled
        || new IptablesClient(is6: true, new IptablesOptions()).IsInstalled;

    /// <summary>The pod has what it had before <see cref="Add"/>, which is nothing for a new container.</summary>
    public override void Undo(CniRequest request)
    {
        if (applied is not { } pod)
            return;
        applied = null;
        using var pods = AcceptedPods.Open(Records, firewalld);
        pods.Undo(pod, before);
    }

    /// <inheritdoc/>
    public override void Del(CniRequest request)
    {
        using var pods = AcceptedPods.Open(Records, firewalld);
        pods.Withdraw(request.Attachment, pods.Find(request.Attachment) is null ? Known(request) : []);
    }

    // What the reference may have made.
    private List<AcceptedPod> Known(CniRequest request)
    {
        if (request.FindPrevResultLeniently() is not { } previous)
            return [];
        var config = FirewallConfig.ReadLeniently(request.Config);
        var known = new List<AcceptedPod>();
        if (config.Backend is null or AcceptBackend.Iptables)
            known.Add(config.PodOf(request, previous, AcceptBackend.Iptables));
        if (config.Backend == AcceptBackend.Firewalld || (config.Backend is null && IsFirewalldRunning()))
            known.Add(config.PodOf(request, previous, AcceptBackend.Firewalld));
        return known;
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var config = FirewallConfig.Parse(request.Config);
        var previous = RequirePrevious(request);
        using var pods = AcceptedPods.Open(Records, firewalld);
        var recorded = pods.Find(request.Attachment) is { } record ? AcceptedPod.FromRecord(record) : null;
        var pod = config.PodOf(request, previous, config.Backend ?? recorded?.Backend ?? Choose());
        FirewallConfig.RequireBridge(pod);
        if (recorded is not null && FindOtherPlace(recorded, pod) is { } other)
            throw new CniException(CniErrorCode.NotAsAdded, other, "the network config has another value than at ADD");
        if (pods.FindDifference(pod) is { } difference)
            throw new CniException(CniErrorCode.NotAsAdded, difference, FirewallFailure.Changed);
    }

    // Where the config leaves the backend open, it is the one that ADD chose.
    private static string? FindOtherPlace(AcceptedPod recorded, AcceptedPod pod) =>
        recorded.Backend != pod.Backend
            ? $"the pod is accepted by the backend {FirewallConfig.WordOf(recorded.Backend)}, "
                + $"and the config has {FirewallConfig.WordOf(pod.Backend)}"
        : recorded.Zone != pod.Zone ? $"the pod is in firewalld's zone {recorded.Zone}, and the config has {pod.Zone}"
        : null;

    /// <inheritdoc/>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid)
    {
        if (valid is null)
            return;
        using var pods = AcceptedPods.Open(Records, firewalld);
        pods.Collect(request.NetworkName, AttachmentTag.All(valid));
    }

    /// <inheritdoc/>
    public override void Status(CniRequest request)
    {
        var config = FirewallConfig.Parse(request.Config);
        switch (config.Backend ?? Choose())
        {
            case AcceptBackend.Firewalld when !firewalld.IsRunning():
                throw new CniException(
                    CniErrorCode.PluginNotAvailable,
                    "firewalld is not on the system bus",
                    $"start firewalld, or set the backend to \"iptables\"; {FirewalldZones.AddressVariable} names another bus"
                );
            case AcceptBackend.Iptables:
                RequireIptables();
                break;
        }

        RecordDirectory.RequireWritable(RecordsPath);
    }

    // A pod of one family needs the tools of that family only.
    private static void RequireIptables()
    {
        IptablesException? refusal = null;
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            try
            {
                new IptablesClient(is6, new IptablesOptions { Table = AcceptRules.Table }).Read();
                return;
            }
            catch (IptablesException e)
            {
                refusal ??= e;
            }
        }

        throw new CniException(
            CniErrorCode.PluginNotAvailable,
            refusal!.Message,
            "install or repair iptables on the node: the node's forward chain accepts no pod without it",
            refusal
        );
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request) => FirewallConfig.Validate(request.Config);

    /// <inheritdoc/>
    public override CniException? Translate(Exception exception) =>
        exception switch
        {
            BusException e => Describe(e),
            FirewalldZoneException e => new CniException(
                CniErrorCode.InvalidNetworkConfig,
                e.Message,
                "take it from that zone (`firewall-cmd --zone=… --remove-source=…`), or set firewalldZone to that zone",
                e
            ),
            ForwardChainDropsException e => new CniException(
                CniErrorCode.UnsupportedField,
                e.Message,
                "an accept in a table of its own does not end another's drop: install iptables and set the backend to \"iptables\", or "
                    + "have that chain accept the pods",
                e
            ),
            IptablesMissingException e => new CniException(
                CniErrorCode.UnsupportedField,
                e.Message,
                "install iptables on the node; where no forward chain drops, set the backend to \"nftables\"",
                e
            ),
            IptablesLockedException e => FirewallFailure.Describe(e),
            IptablesException { Rule: null } e => new CniException(
                CniErrorCode.IOFailure,
                e.Message,
                "the tool says why; run it by hand on the node",
                e
            ),
            _ => FirewallFailure.Describe(exception),
        };

    private static CniException Describe(BusException e) =>
        e.IsSilence
            ? new CniException(CniErrorCode.TryAgainLater, e.Message, "see whether dbus and firewalld answer: `firewall-cmd --state`", e)
        : e.IsUnknownService
            ? new CniException(
                CniErrorCode.UnsupportedField,
                $"firewalld does not run: {e.Message}",
                "start firewalld, or set the backend to \"iptables\"",
                e
            )
        : new CniException(CniErrorCode.IOFailure, $"firewalld refused: {e.Message}", $"the error is {e.Name}; the zone must exist", e);

    private static void Report(string what, Exception e) => StandardError.WriteLine($"firewall: cannot {what}: {e.Message}");
}
