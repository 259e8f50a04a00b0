using Plugboard.Addresses;
using Plugboard.Linux.Files;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
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
            CheckMac(expected, port, $"Interface {port.Name} Mac doesn't match: {port.Address}");
        CheckPort(port);
        if (config.IsGateway)
            CheckGateways(host, bridge);
    }

    /// <summary>Checks what is in the pod and returns the container's end.</summary>
    public Link Container(RouteClient inside)
    {
        var expected =
            part.Container
            ?? throw Failed($"Interface name {request.IfName} not found", "prevResult does not list the container's interface");
        if (expected.Sandbox.Length == 0)
            throw Failed($"Interface {expected.Name} is expected to be in a sandbox", "prevResult lists it without its sandbox");
        if (!IsSameSandbox(expected.Sandbox, request.NetNs))
            throw Failed(
                $"Sandbox in prevResult {expected.Sandbox} doesn't match configured netns: {request.NetNs}",
                "CHECK was called for another namespace than ADD"
            );
        var link =
            inside.Links.Find(request.IfName)
            ?? throw Failed($"Interface name {request.IfName} not found", "the container's interface is gone");
        if (link.Kind != "veth")
            throw Failed($"Container interface {link.Name} is not of type veth", $"it is of type {link.Kind}");
        CheckMac(expected, link, $"Interface {link.Name} Mac {expected.Mac} doesn't match container Mac: {link.Address}");
        // Whose the config's mtu is: tuning has its own, and does not say so. What a result says, the last plugin has seen.
        if (expected.Mtu != 0 && link.Mtu != expected.Mtu)
        {
            throw Failed(
                $"Interface {link.Name} MTU {link.Mtu} doesn't match mtu: {expected.Mtu}",
                "prevResult has another MTU than the interface"
            );
        }

        if (!link.IsUp && !config.DisableContainerInterface)
            throw Failed($"Interface {link.Name} is down", "the container's interface was set down after ADD");
        CheckAddresses(inside, link);
        if (new RouteCheck(inside, link, part).FindDifference() is var (route, reason))
            throw Failed($"Expected Route {route.Dst} not found in routing table", reason);
        return link;
    }

    private Link CheckBridge(RouteClient host)
    {
        var expected =
            part.FindOnHost(config.Bridge)
            ?? throw Failed($"Interface name {config.Bridge} not found", "prevResult does not list the bridge");
        if (expected.Sandbox.Length > 0)
            throw Failed($"Interface {config.Bridge} should not be in sandbox", $"prevResult says it is in {expected.Sandbox}");
        var bridge = host.Links.Find(config.Bridge) ?? throw Failed($"Interface name {config.Bridge} not found", "the bridge is gone");
        if (bridge.Kind != "bridge")
            throw Failed($"Interface {config.Bridge} does not have link type of bridge", $"it is of type {bridge.Kind}");
        if (!bridge.IsUp)
            throw Failed($"Bridge interface {config.Bridge} is down", "the bridge was set down after ADD");
        if (config.IsGateway)
            CheckMac(expected, bridge, $"Bridge interface {config.Bridge} Mac doesn't match: {bridge.Address}");
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

    private void CheckAddresses(RouteClient inside, Link link)
    {
        var present = inside.Addresses.List(link.Index);
        foreach (var ip in part.IPs)
        {
            if (!present.Any(address => address.Address == ip.Address))
                throw Failed($"Failed to match addr {ip.Address} on interface {link.Name}", "the container has lost its address");
        }
    }

    // A runtime may name a namespace by another path than at ADD: /var/run is a link to /run.
    private static bool IsSameSandbox(string expected, string netNs) =>
        expected == netNs
        || (FileDescriptor.FindStatus(expected) is { } added && FileDescriptor.FindStatus(netNs) is { } asked && added.IsSameFile(asked));

    private static void CheckMac(CniInterface expected, Link link, string message)
    {
        // As an address: tuning reports one as its config spells it.
        if (expected.Mac.Length > 0 && !(MacAddress.TryParse(expected.Mac, out var mac) && mac == link.Address))
            throw Failed(message, $"ADD reported {expected.Mac}");
    }

    private static string Text(bool value) => value ? "true" : "false";

    private static CniException Failed(string message, string details) => new(CniErrorCode.NotAsAdded, message, details);
}
