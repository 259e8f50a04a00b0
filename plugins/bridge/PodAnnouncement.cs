using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Sockets;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;

namespace Plugboard.Bridge;

/// <summary>
/// Announces the new owner of the pod's addresses to the network: an earlier pod may have had them, and neighbours would use its hardware
/// address for up to half a minute. An announcement goes to every port of the bridge, 2 µs for each, so it is sent only if a host may know
/// the address: on a network with other hosts, if the address was chosen, and if the node's neighbour table still has it. A new pod is
/// added there: the next pod with the address finds it, and the node need not ask all ports for it. The kernel collects it together with
/// the entries of all pods in that table.
/// </summary>
internal sealed class PodAnnouncement(RouteClient host, Link bridge, BridgeConfig config, AddressPlan plan)
{
    /// <summary>Sends it, without waiting for anything.</summary>
    /// <param name="port">The host's end as it is, up.</param>
    /// <param name="container">The container's end.</param>
    /// <param name="rollback">Takes the new entries of the node's neighbour table away.</param>
    public void Send(Link port, ContainerInterface container, Rollback rollback)
    {
        var mac = container.Link.Address!.Value;
        var isNeeded = !config.IsGateway || config.IsAddressChosen || BridgePin.HasOtherHosts(bridge);
        foreach (var ip in plan.IPs)
            isNeeded |= !TryIntroduce(ip.Address.Address, mac, rollback);
        if (!isNeeded || plan.IPs.Count == 0)
            return;
        if (port.Port is null or { State: BridgePortState.Forwarding })
            container.Announce();
        else
            SendForBlockedPort(container.Link, mac);
    }

    // False if the node knows the address of an earlier pod, or cannot show it.
    private bool TryIntroduce(IPAddr address, MacAddress mac, Rollback rollback)
    {
        if (!host.Neighbours.TryAdd(new Neighbour(bridge.Index, address, mac, NeighbourState.Stale)))
            return false;
        rollback.OnFailure($"forget the neighbour {address}", () => host.Neighbours.Delete(bridge.Index, address));
        return true;
    }

    // A spanning tree opens the port only in half a minute, and no process of ours runs then: the bridge sends for the pod, by its other
    // ports. It does not receive its own frames.
    private void SendForBlockedPort(Link container, MacAddress mac)
    {
        try
        {
            using var socket = FrameSocket.Open();
            foreach (var ip in plan.IPs)
            {
                var address = ip.Address.Address;
                socket.Send(bridge.Index, AnnouncementFrame.Of(address, mac, bridge.VlanFiltering == true ? config.Vlan : 0));
                if (config.Vlan == 0)
                    host.Neighbours.Replace(new Neighbour(bridge.Index, address, mac, NeighbourState.Stale));
            }
        }
        catch (ErrnoException e)
        {
            // The pod is connected all the same; neighbours that know an earlier one find out by themselves.
            BridgePlugin.Report($"announce the addresses of {container.Name}, whose port a spanning tree keeps shut", e);
        }
    }
}
