using Plugboard.Firewall.Conditions;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.PortForwarding;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Portmap;

/// <summary>Has ports of the node lead to a pod. Comes after the plugin that gave the pod its addresses.</summary>
internal sealed class PortmapPlugin : CniPlugin
{
    private static PodRecordStore Records => new(PodRecordStore.Root + "/portmap");

    /// <inheritdoc/>
    public override string Name => "portmap";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var config = PortmapConfig.Parse(request);
        var previous = request.FindPrevResult() ?? throw new CniException(
            CniErrorCode.InvalidNetworkConfig, "must be called as chained plugin", "portmap comes after the plugin that gives the pod its interface, in a list of plugins");
        if (config.Ports.Count == 0)
            return previous;
        var forward = config.ForwardTo(PodAddresses.From(previous, request.IfName), request);
        var localhost = LocalhostRoute.Find(forward);
        using var forwarder = new PortForwarder(Records);
        using var rollback = new Rollback(Report);
        rollback.OnFailure("withdraw the ports", () => forwarder.Withdraw(forward.Owner));
        forwarder.Publish(forward, localhost?.Link ?? "");
        localhost?.Open(rollback);
        rollback.Cancel();
        return previous;
    }

    /// <inheritdoc/>
    public override void Del(CniRequest request)
    {
        using var forwarder = new PortForwarder(Records);
        forwarder.Withdraw(OwnerOf(request));
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var config = PortmapConfig.Parse(request);
        var previous = request.FindPrevResult() ?? throw new CniException(
            CniErrorCode.InvalidNetworkConfig, "Required prevResult missing", "CHECK wants the result of ADD as prevResult in the network config");
        if (config.Ports.Count == 0)
            return;
        var forward = config.ForwardTo(PodAddresses.From(previous, request.IfName), request);
        using var forwarder = new PortForwarder(Records);
        if ((forwarder.FindDifference(forward) ?? LocalhostRoute.Find(forward)?.FindDifference()) is { } difference)
            throw new CniException(CniErrorCode.NotAsAdded, difference, "something on the node changed the rules after ADD; the next ADD makes the node's part again");
    }

    /// <inheritdoc/>
    public override void Gc(CniRequest request, IReadOnlySet<CniAttachment>? valid)
    {
        if (valid is null)
            return;
        var tags = new HashSet<string>(StringComparer.Ordinal);
        foreach (var attachment in valid)
            tags.Add(new PodIdentity(request.NetworkName, attachment.ContainerId, attachment.IfName).Tag);
        using var forwarder = new PortForwarder(Records);
        forwarder.Collect(request.NetworkName, tags);
    }

    /// <inheritdoc/>
    public override void Status(CniRequest request)
    {
        _ = PortmapConfig.Parse(request);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request) => PortmapConfig.Validate(request);

    /// <inheritdoc/>
    public override CniException? Translate(Exception exception) => exception switch
    {
        PortTakenException e => new CniException(
            CniErrorCode.PortTaken, e.Message, "choose another host port, or end that container; if it is gone already its DEL, or GC, frees the port", e),
        ConditionException e => new CniException(
            CniErrorCode.UnsupportedField, $"unsupported value of conditionsV4 or conditionsV6: {e.Message}", "docs/operations.md lists the conditions", e),
        NftablesException e => FirewallFailure.Describe(e),
        _ => null,
    };

    private static PodIdentity OwnerOf(CniRequest request) => new(request.NetworkName, request.ContainerId, request.IfName);

    private static void Report(string what, Exception e) => StandardError.WriteLine($"portmap: cannot {what}: {e.Message}");
}
