using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Sockets;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Bridge;

/// <summary>
/// Tells the network whose the pod's addresses are now: an earlier pod may have had them, and neighbours would go by its hardware address
/// for up to half a minute. What is told goes to every port of the bridge, 2 µs for each, so it is told where somebody may know the
/// address: on a network with other hosts, where the address was chosen, and where the node's neighbour table still has it. A new pod is
/// put there: it is the trace that the next one finds, and spares the node asking all ports for it. The kernel collects it when the entries
/// of all pods, which are in that table too, are collected.
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

    // False where the node knows the address of an earlier pod, or cannot tell.
    private bool TryIntroduce(IPAddr address, MacAddress mac, Rollback rollback)
    {
        if (!host.Neighbours.TryAdd(new Neighbour(bridge.Index, address, mac, NeighbourState.Stale)))
            return false;
        rollback.OnFailure($"forget the neighbour {address}", () => host.Neighbours.Delete(bridge.Index, address));
        return true;
    }

    // A spanning tree opens the port only in half a minute, and nobody will be there then: the bridge speaks for the pod, by its other
    // ports. It does not hear itself.
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
