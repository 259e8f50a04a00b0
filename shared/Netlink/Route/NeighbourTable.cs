using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>The neighbours of a namespace: ARP and NDP. Every refusal is a <see cref="NetlinkException"/>. Source: rtnetlink(7); ip-neighbour(8).</summary>
public sealed class NeighbourTable
{
    private readonly NetlinkSocket socket;

    internal NeighbourTable(NetlinkSocket socket) => this.socket = socket;

    /// <summary>A link's neighbours; the kernel picks them (Linux 4.20).</summary>
    /// <param name="index">The link's index.</param>
    /// <param name="family">IPv4, IPv6, or both.</param>
    public IReadOnlyList<Neighbour> List(int index, AddressFamily family = AddressFamily.Unspecified)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP))
        {
            request.WriteStruct(new NdMsg { ndm_family = (byte)family });
            request.WriteUInt32(NeighbourH.NDA_IFINDEX, (uint)index);
        }

        return socket.Dump(request, () => $"neighbours of {LinkTable.Subject(index)}", message => Read(message, index));
    }

    /// <summary>Adds a neighbour or replaces what is known of it.</summary>
    /// <exception cref="NetlinkException">ENODEV: there is no such link.</exception>
    public void Replace(Neighbour neighbour)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_NEWNEIGH, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE))
        {
            WriteKey(request, neighbour.LinkIndex, neighbour.Address, neighbour.State);
            if (neighbour.LinkAddress is { } mac)
                request.WriteMac(NeighbourH.NDA_LLADDR, mac);
        }

        socket.Execute(request, () => Subject(neighbour.LinkIndex, neighbour.Address));
    }

    /// <summary>Removes a neighbour; false where it was gone already (ENOENT).</summary>
    /// <exception cref="NetlinkException">ENODEV: there is no such link.</exception>
    public bool Delete(int index, IPAddr address)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_DELNEIGH, NLM_F_REQUEST | NLM_F_ACK))
            WriteKey(request, index, address, NeighbourState.None);
        return socket.ExecuteUnlessAbsent(request, () => Subject(index, address), Errno.ENOENT);
    }

    private static void WriteKey(NetlinkWriter request, int index, IPAddr address, NeighbourState state)
    {
        request.WriteStruct(new NdMsg
        {
            ndm_family = address.Is6 ? SocketH.AF_INET6 : SocketH.AF_INET,
            ndm_ifindex = index,
            ndm_state = (ushort)state,
        });
        request.WriteAddress(NeighbourH.NDA_DST, address);
    }

    private static Neighbour? Read(NetlinkMessage message, int index)
    {
        var header = message.Header<NdMsg>();
        if (header.ndm_ifindex != index || header.ndm_family is not (SocketH.AF_INET or SocketH.AF_INET6))
            return null;
        IPAddr? address = null;
        MacAddress? mac = null;
        var attributes = message.Attributes<NdMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == NeighbourH.NDA_DST)
                address = attributes.Address();
            else if (attributes.Type == NeighbourH.NDA_LLADDR)
                mac = attributes.Mac();
        }

        return address is { } known ? new Neighbour(index, known, mac, (NeighbourState)header.ndm_state) : null;
    }

    private static string Subject(int index, IPAddr address) => $"{address} on {LinkTable.Subject(index)}";
}
