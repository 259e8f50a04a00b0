using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>
/// The device with the gateway's address of one VLAN: <c>bridge.vlan</c>, one end of a pair in the host's namespace whose other end is a
/// port of the bridge in that VLAN. It stays for later pods.
/// </summary>
internal static class VlanGateway
{
    /// <summary>Finds or makes the device, up.</summary>
    public static Link Ensure(RouteClient host, BridgeDevice bridge, BridgeConfig config, Rollback rollback)
    {
        var name = NameOf(config);
        if (host.Links.Find(name) is { IsUp: true } found && FindOrphan(host, found) is null)
            return found;
        bridge.Lock.MakeExclusive();
        if (host.Links.Find(name) is not { } present)
            Create(host, bridge.Link, name, config, rollback);
        else if (FindOrphan(host, present) is { } orphan)
            Reattach(host, bridge.Link, orphan, config, rollback);
        var device = host.Links.Get(name);
        InterfaceSettings.Prefer("bridge", $"net/ipv6/conf/{name}/accept_ra", "0");
        host.Links.Set(device.Index, new LinkChange { Up = true });
        return device;
    }

    /// <summary>The device's name, as the reference's.</summary>
    public static string NameOf(BridgeConfig config) => $"{config.Bridge}.{config.Vlan}";

    /// <summary>Refuses a bridge whose name leaves no room for the VLAN's number.</summary>
    public static void RequireName(BridgeConfig config)
    {
        var name = NameOf(config);
        if (InterfaceName.FindFault(name) is { } fault)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"failed to create vlan interface \"{name}\": the name {fault}",
                "the gateway of a VLAN is on a device named bridge.vlan: give the bridge a shorter name"
            );
        }
    }

    // The pair outlives a deleted bridge, and then leads nowhere. A device of the operator's own is not a veth.
    private static Link? FindOrphan(RouteClient host, Link device) =>
        device is { Kind: "veth", LinkNetNsId: null } && host.Links.Find(device.PeerIndex) is { MasterIndex: 0 } port ? port : null;

    private static void Reattach(RouteClient host, Link bridge, Link port, BridgeConfig config, Rollback rollback)
    {
        host.Links.Set(port.Index, new LinkChange { Master = bridge.Index, Up = true });
        rollback.OnFailure($"take {port.Name} off the bridge", () => host.Links.Set(port.Index, new LinkChange { Master = 0 }));
        BridgePort.ConfigureVlans(host, port.Index, config.Vlan, [], config.PreserveDefaultVlan);
    }

    private static void Create(RouteClient host, Link bridge, string name, BridgeConfig config, Rollback rollback)
    {
        var owner = new Attachment(config.Bridge, "gateway", name);
        var port = owner.HostName(0);
        // Before it is made: the kernel's answer may be lost. The lock excludes that another process made it meanwhile.
        rollback.OnFailure($"remove {name}", () => Remove(host, name));
        host.Links.Add(
            new VethSpec
            {
                Name = port,
                // Both are given: what the kernel draws udev may replace, and pods that know the gateway's address lose it.
                Address = owner.HostAddress(RandomBits.Next()),
                Up = true,
                MasterIndex = bridge.Index,
                Mtu = bridge.Mtu,
                Queues = 1,
                Peer = new VethPeer
                {
                    Name = name,
                    Mtu = bridge.Mtu,
                    Address = MacAddress.Local(RandomBits.Next()),
                },
            }
        );
        var link = host.Links.Get(port);
        host.Links.SetPort(link.Index, new BridgePortChange { Hairpin = false, Isolated = false });
        BridgePort.ConfigureVlans(host, link.Index, config.Vlan, [], config.PreserveDefaultVlan);
    }

    private static void Remove(RouteClient host, string name)
    {
        if (host.Links.Find(name) is { } made)
            host.Links.Delete(made.Index);
    }
}
