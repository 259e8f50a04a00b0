using Plugboard.Addresses;
using Plugboard.Linux.Files;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>
/// CHECK of a container's interface: is it as ADD's result says? Not compared is what later plugins of the chain change by design: the MTU,
/// and the tables of routes. docs/operations.md has the table.
/// </summary>
/// <param name="request">The call.</param>
/// <param name="result">ADD's result.</param>
public sealed class InterfaceCheck(CniRequest request, CniResult result)
{
    private readonly OwnPart part = new(result, request.IfName);

    /// <summary>The kind of link that it must be; null: any.</summary>
    public required string? Kind { get; init; }

    /// <summary>It need not be up.</summary>
    public bool MayBeDown { get; init; }

    /// <summary>Checks the interface, its addresses and routes, and returns it.</summary>
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
            ?? throw Failed($"Interface name {request.IfName} not found", "the container's interface was removed or renamed after ADD");
        if (Kind is not null && link.Kind != Kind)
            throw Failed($"Container interface {link.Name} is not of type {Kind}", $"it is of type {link.Kind}");
        CheckMac(expected, link, $"Interface {link.Name} Mac {expected.Mac} doesn't match container Mac: {link.Address}");
        // Whose the config's mtu is: tuning has its own, and does not say so. What a result says, the last plugin has seen.
        if (expected.Mtu != 0 && link.Mtu != expected.Mtu)
        {
            throw Failed(
                $"Interface {link.Name} MTU {link.Mtu} doesn't match mtu: {expected.Mtu}",
                "prevResult has another MTU than the interface"
            );
        }

        if (!link.IsUp && !MayBeDown)
            throw Failed($"Interface {link.Name} is down", "the container's interface was set down after ADD");
        CheckAddresses(inside, link);
        if (new RouteCheck(inside, link, part).FindDifference() is var (route, reason))
            throw Failed($"Expected Route {route.Dst} not found in routing table", reason);
        return link;
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

    /// <summary>Throws where a link has another hardware address than the result says; one without it has none to compare.</summary>
    public static void CheckMac(CniInterface expected, Link link, string message)
    {
        // As an address: tuning reports one as its config spells it.
        if (expected.Mac.Length > 0 && !(MacAddress.TryParse(expected.Mac, out var mac) && mac == link.Address))
            throw Failed(message, $"ADD reported {expected.Mac}");
    }

    private static CniException Failed(string message, string details) => new(CniErrorCode.NotAsAdded, message, details);
}
