using Plugboard.Addresses;
using Plugboard.Firewall.Conditions;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Pods;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Portmap;

/// <summary>Has ports of the node lead to a pod. Comes after the plugin that gave the pod its addresses.</summary>
internal sealed class PortmapPlugin : CniPlugin
{
    private PodHostPorts? applied;
    private PodRecord? before;

    private static PodRecordStore Records => new(PodRecordStore.Root + "/portmap");

    /// <inheritdoc/>
    public override string Name => "portmap";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var config = PortmapConfig.Parse(request);
        var previous =
            request.FindPrevResult()
            ?? throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "must be called as chained plugin",
                "portmap comes after the plugin that gives the pod its interface, in a list of plugins"
            );
        if (config.Ports.Count == 0)
            return previous;
        var ports = config.HostPortsOf(PodAddresses.From(previous, request.IfName), request);
        var localhost = LocalhostRoute.Find(ports);
        ports = ports with { LocalhostLink = localhost?.Link ?? "" };
        using var rules = HostPortKind.Open(Records);
        using var rollback = new Rollback(Report);
        before = rules.Apply(ports, config.Backend);
        applied = ports;
        rollback.OnFailure("take back the ports", () => Undo(rules));
        localhost?.Open(rollback);
        rollback.Cancel();
        return previous;
    }

    /// <summary>Publishes what was published before <see cref="Add"/>, which is nothing for a new container.</summary>
    public override void Undo(CniRequest request)
    {
        using var rules = HostPortKind.Open(Records);
        Undo(rules);
    }

    private void Undo(PodRules<PodHostPorts> rules)
    {
        if (applied is not { } ports)
            return;
        applied = null;
        rules.Undo(ports, before);
    }

    /// <inheritdoc/>
    public override void Del(CniRequest request)
    {
        using var rules = HostPortKind.Open(Records);
        rules.Withdraw(request.Attachment, PortmapConfig.ReadLeniently(request));
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var config = PortmapConfig.Parse(request);
        var previous = request.GetPrevResult();
        if (config.Ports.Count == 0)
            return;
        var ports = config.HostPortsOf(PodAddresses.From(previous, request.IfName), request);
        var localhost = LocalhostRoute.Find(ports);
        ports = ports with { LocalhostLink = localhost?.Link ?? "" };
        using var rules = HostPortKind.Open(Records);
        if ((rules.FindDifference(ports) ?? localhost?.FindDifference()) is { } difference)
            throw new CniException(CniErrorCode.NotAsAdded, difference, FirewallFailure.Changed);
    }

    /// <inheritdoc/>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid)
    {
        if (valid is null)
            return;
        using var rules = HostPortKind.Open(Records);
        rules.Collect(request.NetworkName, AttachmentTag.All(valid));
    }

    /// <summary>
    /// Throws what is wrong with the config. A node on which no port can be published serves all pods that publish none: that is the
    /// doctor's finding and ADD's error, and no reason for a runtime to take the whole node for broken.
    /// </summary>
    public override void Status(CniRequest request) => PortmapConfig.Parse(request);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request) => PortmapConfig.Validate(request);

    /// <inheritdoc/>
    public override CniException? Translate(Exception exception) =>
        exception switch
        {
            PortTakenException e => new CniException(
                CniErrorCode.PortTaken,
                e.Message,
                "choose another host port, or end that container; if it is gone already its DEL, or GC, frees the port",
                e
            ),
            ConditionException e => new CniException(
                CniErrorCode.UnsupportedField,
                $"unsupported value of conditionsV4 or conditionsV6: {e.Message}",
                "understood are ip or ip6 with saddr or daddr; tcp, udp, sctp or th with sport or dport; iifname, oifname, meta "
                    + "mark, meta l4proto, ct state, ct mark, fib daddr type local",
                e
            ),
            _ => FirewallFailure.Describe(exception),
        };

    private static void Report(string what, Exception e) => StandardError.WriteLine($"portmap: cannot {what}: {e.Message}");
}
