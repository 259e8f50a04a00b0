using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>
/// CHECK: is the pod connected as ADD's result says? Harmless changes by other programs are not compared: the hardware address of a bridge
/// that is no gateway, promiscuity for a packet capture; nor what later plugins of the chain change by design: the MTU, and the tables of
/// routes. docs/state-and-errors.md has the table.
/// </summary>
internal sealed class BridgeCheck(CniRequest request, BridgeConfig config, CniResult result)
{
    private readonly OwnPart part = new(result, request.IfName);

    /// <summary>Checks what is in the pod and returns the container's end.</summary>
    public Link Container(RouteClient inside) =>
        new InterfaceCheck(request, result) { Kind = "veth", MayBeDown = config.DisableContainerInterface }.Container(inside);

    /// <summary>Checks what is on the host, given the container's end.</summary>
    public void Host(RouteClient host, Link container)
    {
        var bridge = CheckBridge(host);
        var port = host.Links.Find(container.PeerIndex);
        if (port is null || port.Kind != "veth" || port.PeerIndex != container.Index)
            throw Failed(
                $"CNI veth created for bridge {config.Bridge} was not found",
                $"the host end of {request.IfName} (index {container.PeerIndex}) is gone"
            );
        if (!port.IsUp)
            throw Failed($"Host interface {port.Name} is down", "the host end was set down after ADD");
        if (port.MasterIndex != bridge.Index)
            throw Failed(
                $"Container interface {request.IfName} is not attached to bridge {config.Bridge}",
                $"{port.Name} is not a port of {config.Bridge}"
            );
        if (part.FindOnHost(port.Name) is { } expected)
            InterfaceCheck.CheckMac(expected, port, $"Interface {port.Name} Mac doesn't match: {port.Address}");
        CheckPort(port);
        if (config.IsGateway)
            CheckGateways(host, bridge);
    }

    private Link CheckBridge(RouteClient host)
    {
        var found = host.Links.Find(config.Bridge);
        // The config may have an alternative name; the result has the name.
        var expected =
            part.FindOnHost(found?.Name ?? config.Bridge)
            ?? throw Failed($"Interface name {config.Bridge} not found", "prevResult does not list the bridge");
        if (expected.Sandbox.Length > 0)
            throw Failed($"Interface {config.Bridge} should not be in sandbox", $"prevResult says it is in {expected.Sandbox}");
        var bridge = found ?? throw Failed($"Interface name {config.Bridge} not found", "the bridge is gone");
        if (bridge.Kind != "bridge")
            throw Failed($"Interface {config.Bridge} does not have link type of bridge", $"it is of type {bridge.Kind}");
        if (!bridge.IsUp)
            throw Failed($"Bridge interface {config.Bridge} is down", "the bridge was set down after ADD");
        if (config.IsGateway)
            InterfaceCheck.CheckMac(expected, bridge, $"Bridge interface {config.Bridge} Mac doesn't match: {bridge.Address}");
        if (config.PromiscMode && !bridge.IsPromiscuous)
            throw Failed(
                $"Bridge interface {config.Bridge} configured Promisc Mode true doesn't match current state: false ",
                "the bridge's promiscuous mode was ended"
            );
        return bridge;
    }

    private void CheckPort(Link link)
    {
        if (link.Port is not { } port)
            return;
        if (port.Hairpin != config.HairpinMode)
            throw Failed(
                $"Bridge port {link.Name} hairpin mode {Text(port.Hairpin)} doesn't match hairpinMode: {Text(config.HairpinMode)}",
                "the port was changed after ADD"
            );
        if (port.Isolated != config.PortIsolation)
            throw Failed(
                $"Bridge port {link.Name} isolation {Text(port.Isolated)} doesn't match portIsolation: {Text(config.PortIsolation)}",
                "the port was changed after ADD"
            );
    }

    private void CheckGateways(RouteClient host, Link bridge)
    {
        var device =
            config.Vlan == 0
                ? bridge
                : host.Links.Find(VlanGateway.NameOf(config))
                    ?? throw Failed($"Interface name {VlanGateway.NameOf(config)} not found", "the VLAN's gateway device is gone");
        var present = host.Addresses.List(device.Index);
        foreach (var ip in part.IPs)
        {
            if (ip.Gateway is { } gateway && !present.Any(address => address.Address.Address == gateway))
                throw Failed($"Failed to match gateway {gateway} on interface {device.Name}", "the bridge has lost the gateway's address");
        }
    }

    private static string Text(bool value) => value ? "true" : "false";

    private static CniException Failed(string message, string details) => new(CniErrorCode.NotAsAdded, message, details);
}
