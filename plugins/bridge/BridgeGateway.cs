using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The gateway's addresses on the bridge, or on its device for a VLAN, and the forwarding that makes it a gateway.</summary>
internal sealed class BridgeGateway(RouteClient host, BridgeDevice bridge, BridgeConfig config, Rollback rollback)
{
    /// <summary>Makes <paramref name="device"/> bear the plan's gateways. What is in place costs one question per family.</summary>
    public void Ensure(Link device, AddressPlan plan)
    {
        var isPinned = false;
        foreach (var gateway in plan.Gateways)
        {
            if (!Bears(device, gateway))
            {
                bridge.Lock.MakeExclusive();
                if (!Bears(device, gateway))
                {
                    MakeRoom(device, gateway);
                    Add(device, gateway);
                    if (!isPinned)
                        PinAddress(device);
                    isPinned = true;
                }
            }

            Forward(gateway.Is6);
        }
    }

    private bool Bears(Link device, IPPrefix gateway)
    {
        foreach (var address in host.Addresses.List(device.Index, gateway.Is6 ? AddressFamily.IPv6 : AddressFamily.IPv4))
        {
            if (address.Address == gateway)
                return true;
        }

        return false;
    }

    // The reference's rule: any other IPv4 address is a conflict, an IPv6 one only where the networks overlap.
    private void MakeRoom(Link device, IPPrefix gateway)
    {
        foreach (var address in host.Addresses.List(device.Index, gateway.Is6 ? AddressFamily.IPv6 : AddressFamily.IPv4))
        {
            var present = address.Address;
            if (present.Is6 && !present.Overlaps(gateway))
                continue;
            if (!config.ForceAddress)
            {
                throw new CniException(
                    CniErrorCode.InvalidNetworkConfig,
                    $"failed to set bridge addr: \"{device.Name}\" already has an IP address different from {gateway}",
                    $"{device.Name} has {present}, the network config wants {gateway}: use another bridge, the same subnet, or forceAddress");
            }

            rollback.OnFailure($"give {device.Name} its address {present} back", () => TryAdd(device, present));
            host.Addresses.Delete(device.Index, present);
        }
    }

    private void Add(Link device, IPPrefix gateway)
    {
        // Before it is added: the kernel's answer may be lost.
        var isOurs = true;
        rollback.OnFailure($"remove {gateway} from {device.Name}", () => _ = isOurs && host.Addresses.Delete(device.Index, gateway));
        isOurs = TryAdd(device, gateway);
    }

    private bool TryAdd(Link device, IPPrefix address)
    {
        try
        {
            host.Addresses.Add(device.Index, address, new AddressOptions(NoDad: true));
            return true;
        }
        catch (NetlinkException e) when (e.Errno == Errno.EEXIST)
        {
            // Somebody was faster, with the very same address: as it should be.
            return false;
        }
    }

    // A bridge that another implementation made takes the least address of its ports; the gateway's must not change under the pods.
    private void PinAddress(Link device) =>
        host.Links.Set(device.Index, new LinkChange { Address = host.Links.Get(device.Index).Address });

    private void Forward(bool is6)
    {
        if (host.Netconf.IsForwarding(is6 ? AddressFamily.IPv6 : AddressFamily.IPv4))
            return;
        var name = is6 ? "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward";
        bridge.Lock.MakeExclusive();
        if (Sysctl.Ensure(name, "1") is { } had && had != "1")
            rollback.OnFailure($"set {name} back to {had}", () => Sysctl.Write(name, had));
    }
}
