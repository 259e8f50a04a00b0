using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The gateway's addresses on the bridge, or on its device for a VLAN, and the forwarding that makes it a gateway.</summary>
internal sealed class BridgeGateway(RouteClient host, BridgeDevice bridge, BridgeConfig config, Rollback rollback)
{
    /// <summary>Gives <paramref name="device"/> the plan's gateways. What is in place costs one question per family.</summary>
    public void Ensure(Link device, AddressPlan plan)
    {
        var isPinned = !BridgePin.IsForeign(bridge.Link);
        foreach (var gateway in plan.Gateways)
        {
            if (!Has(device, gateway))
            {
                bridge.Lock.MakeExclusive();
                if (!Has(device, gateway))
                {
                    MakeRoom(device, gateway, plan);
                    Add(device, gateway);
                    if (!isPinned)
                        PinAddress(device);
                    isPinned = true;
                }
            }

            EnableForwarding(gateway.Is6);
        }

        LocalAddresses.Wait("bridge", host, device, plan.Gateways.Select(static gateway => gateway.Address));
    }

    private bool Has(Link device, IPPrefix gateway)
    {
        foreach (var address in host.Addresses.List(device.Index, gateway.Is6 ? AddressFamily.IPv6 : AddressFamily.IPv4))
        {
            if (address.Address == gateway)
                return true;
        }

        return false;
    }

    /// <summary>
    /// Throws code 7 where every ADD fails: the plan has two gateways that the bridge cannot have at once, and does not have already.
    /// </summary>
    public static void RequirePossible(BridgeConfig config, AddressPlan plan)
    {
        if (config.ForceAddress || plan.FindRivals() is not { } rivals)
            return;
        using var host = RouteClient.Open();
        var device = host.Links.Find(config.Vlan == 0 ? config.Bridge : VlanGateway.NameOf(config));
        var present = device is null ? [] : host.Addresses.List(device.Index).Select(static each => each.Address).ToArray();
        if (!present.Contains(rivals.First) || !present.Contains(rivals.Second))
            throw rivals.Refuse(config);
    }

    private void MakeRoom(Link device, IPPrefix gateway, AddressPlan plan)
    {
        foreach (var address in host.Addresses.List(device.Index, gateway.Is6 ? AddressFamily.IPv6 : AddressFamily.IPv4))
        {
            var present = address.Address;
            if (!RivalGateways.AreRivals(present, gateway))
                continue;
            if (!config.ForceAddress)
            {
                if (plan.Gateways.Contains(present))
                    throw new RivalGateways(present, gateway).Refuse(config);
                throw new CniException(
                    CniErrorCode.InvalidNetworkConfig,
                    $"failed to set bridge addr: \"{device.Name}\" already has an IP address different from {gateway}",
                    $"{device.Name} has {present}, the network config wants {gateway}: use another bridge, the same subnet, or forceAddress"
                );
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
        // The kernel removes IPv6 addresses from a link that is set down, and the pods' gateway with them.
        if (isOurs && gateway.Is6 && !BridgePin.HasOtherHosts(bridge.Link))
            InterfaceSettings.Prefer("bridge", $"net/ipv6/conf/{device.Name}/keep_addr_on_down", "1");
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
            // Another process was faster, with the same address: as it should be.
            return false;
        }
        catch (NetlinkException e) when (address.Is6 && e.Errno == Errno.EACCES && host.Links.Find(device.Index) is { IPv6.Disabled: true })
        {
            EnableIPv6(device, address);
            return TryAdd(device, address);
        }
        catch (NetlinkException e) when (e.Errno is not Errno.ENODEV)
        {
            throw Refused(device, address, e);
        }
    }

    // IPv6 is disabled by default on the node, and this network needs it here. The link takes nothing from the network that it did not take
    // before.
    private void EnableIPv6(Link device, IPPrefix address)
    {
        var conf = $"net/ipv6/conf/{device.Name}/";
        InterfaceSettings.Prefer("bridge", conf + "accept_ra", "0");
        // Until its link-local address is settled, a second or two, a bridge forwards no IPv6.
        if (!config.EnableDad)
            InterfaceSettings.Prefer("bridge", conf + "accept_dad", "0");
        rollback.OnFailure($"switch IPv6 off on {device.Name} again", () => Sysctl.TryWrite(conf + "disable_ipv6", "1"));
        InterfaceSettings.Require(conf + "disable_ipv6", "0", $"the gateway's address {address} on {device.Name}");
    }

    private static CniException Refused(Link device, IPPrefix address, NetlinkException e) =>
        new(
            CniErrorCode.InvalidNetworkConfig,
            $"failed to set bridge addr: the kernel refuses {address} on \"{device.Name}\": {ErrnoException.Sentence(e.Errno)}",
            address.Is6 && device.Mtu < SmallMtu.IPv6Minimum
                ? $"the MTU of {device.Name} is {device.Mtu}, and IPv6 needs {SmallMtu.IPv6Minimum}: raise it "
                    + $"(ip link set dev {device.Name} mtu {SmallMtu.IPv6Minimum}), or remove the IPv6 ranges"
                : e.KernelMessage ?? "correct the gateway in the ipam section",
            e
        );

    // A bridge that another implementation made takes the least address of its ports; the gateway's must not change under the pods.
    private void PinAddress(Link device) => host.Links.Set(device.Index, new LinkChange { Address = host.Links.Get(device.Index).Address });

    private void EnableForwarding(bool is6)
    {
        var forwarding = new IPForwarding(host);
        if (forwarding.IsOn(is6))
            return;
        bridge.Lock.MakeExclusive();
        var plan = forwarding.Plan(is6);
        foreach (var change in plan)
        {
            try
            {
                if (Sysctl.Ensure(change.Name, change.Value) is { } had && had != change.Value)
                    rollback.OnFailure($"set {Sysctl.Dotted(change.Name)} back to {had}", () => Sysctl.Write(change.Name, had));
            }
            catch (SysctlException e)
            {
                throw new CniException(
                    CniErrorCode.IOFailure,
                    $"the gateway of the pods must forward: {e.Message}",
                    IPForwarding.Advice(plan),
                    e
                );
            }
        }
    }
}
