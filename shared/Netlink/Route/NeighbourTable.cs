using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>
/// The neighbours of a namespace: ARP and NDP. Permanent ones do not count against net.ipv4.neigh.default.gc_thresh3, 1024, since Linux
/// 5.0; an older kernel refuses more with ENOBUFS. Every refusal is a <see cref="NetlinkException"/>. Source: rtnetlink(7);
/// ip-neighbour(8).
/// </summary>
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

        return socket.Dump(
            request,
            () => $"neighbours of {LinkTable.Subject(index)}",
            message => NeighbourReader.ReadIndex(message) == index ? NeighbourReader.Read(message) : null
        );
    }

    /// <summary>Adds a neighbour.</summary>
    /// <exception cref="NetlinkException">EEXIST: the address is known, in whatever state; ENODEV: there is no such link.</exception>
    public void Add(Neighbour neighbour) => Write(neighbour, NLM_F_EXCL);

    /// <summary>Adds a neighbour; false if the address is known, in whatever state, or the kernel refuses.</summary>
    public bool TryAdd(Neighbour neighbour)
    {
        var request = socket.NewRequest();
        WriteNew(request, neighbour, NLM_F_EXCL);
        return socket.TryExecute(request) is null;
    }

    /// <summary>Adds a neighbour or replaces what is known of it.</summary>
    /// <exception cref="NetlinkException">ENODEV: there is no such link.</exception>
    public void Replace(Neighbour neighbour) => Write(neighbour, NLM_F_REPLACE);

    /// <summary>Removes a neighbour; false if it was gone already (ENOENT).</summary>
    /// <exception cref="NetlinkException">ENODEV: there is no such link.</exception>
    public bool Delete(int index, IPAddr address)
    {
        var request = socket.NewRequest();
        WriteDelete(request, index, address);
        return socket.ExecuteUnlessAbsent(request, () => Subject(index, address), Errno.ENOENT);
    }

    private void Write(Neighbour neighbour, ushort mode)
    {
        var request = socket.NewRequest();
        WriteNew(request, neighbour, mode);
        socket.Execute(request, () => Subject(neighbour.LinkIndex, neighbour.Address));
    }

    internal static void WriteNew(NetlinkWriter writer, Neighbour neighbour, ushort mode)
    {
        using var message = writer.Message(RTM_NEWNEIGH, (ushort)(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | mode));
        WriteKey(writer, neighbour.LinkIndex, neighbour.Address, neighbour.State);
        if (neighbour.LinkAddress is { } mac)
            writer.WriteMac(NeighbourH.NDA_LLADDR, mac);
        if (neighbour.Protocol != RouteProtocol.Unspecified)
            writer.WriteUInt8(NeighbourH.NDA_PROTOCOL, (byte)neighbour.Protocol);
    }

    internal static void WriteDelete(NetlinkWriter writer, int index, IPAddr address)
    {
        using var message = writer.Message(RTM_DELNEIGH, NLM_F_REQUEST | NLM_F_ACK);
        WriteKey(writer, index, address, NeighbourState.None);
    }

    private static void WriteKey(NetlinkWriter writer, int index, IPAddr address, NeighbourState state)
    {
        writer.WriteStruct(
            new NdMsg
            {
                ndm_family = address.Is6 ? SocketH.AF_INET6 : SocketH.AF_INET,
                ndm_ifindex = index,
                ndm_state = (ushort)state,
            }
        );
        writer.WriteAddress(NeighbourH.NDA_DST, address);
    }

    internal static string Subject(int index, IPAddr address) => $"{address} on {LinkTable.Subject(index)}";
}
