using Plugboard.Linux;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>
/// The forwarding databases of a namespace's VXLAN devices and bridges. Every refusal is a <see cref="NetlinkException"/>. Source:
/// bridge(8), fdb; net/core/rtnetlink.c, rtnl_fdb_add; drivers/net/vxlan/vxlan_core.c.
/// </summary>
public sealed class FdbTable
{
    private readonly NetlinkSocket socket;

    internal FdbTable(NetlinkSocket socket) => this.socket = socket;

    /// <summary>
    /// A device's entries, its own and as a bridge's port; the kernel picks them (Linux 4.20), an older one sends all and they are picked
    /// here.
    /// </summary>
    /// <param name="index">The device's index.</param>
    public IReadOnlyList<FdbEntry> List(int index)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP))
            request.WriteStruct(new NdMsg { ndm_family = SocketH.AF_BRIDGE, ndm_ifindex = index });
        return socket.Dump(
            request,
            () => $"forwarding entries of {LinkTable.Subject(index)}",
            message => NeighbourReader.ReadIndex(message) == index ? FdbReader.Read(message) : null
        );
    }

    /// <summary>Adds an entry.</summary>
    /// <exception cref="NetlinkException">EEXIST: the address has one, whatever its destination; EINVAL: a VXLAN device's without a
    /// destination; ENODEV: there is no such link.</exception>
    public void Add(FdbEntry entry) => Write(entry, NLM_F_EXCL);

    /// <summary>
    /// Adds one more destination of a multicast address or of 00:00:00:00:00:00 to a VXLAN device; what is there already is left so.
    /// </summary>
    /// <exception cref="NetlinkException">EOPNOTSUPP: the address is another one, and has a destination; ENODEV: there is no such
    /// link.</exception>
    public void Append(FdbEntry entry) => Write(entry, NLM_F_APPEND);

    /// <summary>Adds an entry, or replaces the destination the address has.</summary>
    /// <exception cref="NetlinkException">EOPNOTSUPP: a VXLAN device replaces neither multicast addresses nor 00:00:00:00:00:00; ENODEV:
    /// there is no such link.</exception>
    public void Replace(FdbEntry entry) => Write(entry, NLM_F_REPLACE);

    /// <summary>
    /// Removes an address' destination, or all of them where the entry has none; false where the address was gone already (ENOENT). Where a
    /// VXLAN device has the address with other destinations only, the kernel removes nothing and does not say so: it is true then too.
    /// </summary>
    /// <exception cref="NetlinkException">ENODEV: there is no such link.</exception>
    public bool Delete(FdbEntry entry)
    {
        var request = socket.NewRequest();
        WriteDelete(request, entry);
        return socket.ExecuteUnlessAbsent(request, entry.Subject, Errno.ENOENT);
    }

    private void Write(FdbEntry entry, ushort mode)
    {
        var request = socket.NewRequest();
        WriteNew(request, entry, mode);
        socket.Execute(request, entry.Subject);
    }

    internal static void WriteNew(NetlinkWriter writer, FdbEntry entry, ushort mode)
    {
        using var message = writer.Message(RTM_NEWNEIGH, (ushort)(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | mode));
        WriteEntry(writer, entry);
    }

    internal static void WriteDelete(NetlinkWriter writer, FdbEntry entry)
    {
        using var message = writer.Message(RTM_DELNEIGH, NLM_F_REQUEST | NLM_F_ACK);
        WriteEntry(writer, entry);
    }

    private static void WriteEntry(NetlinkWriter writer, FdbEntry entry)
    {
        writer.WriteStruct(
            new NdMsg
            {
                ndm_family = SocketH.AF_BRIDGE,
                ndm_ifindex = entry.LinkIndex,
                ndm_state = (ushort)entry.State,
                ndm_flags = (byte)entry.Flags,
            }
        );
        writer.WriteMac(NeighbourH.NDA_LLADDR, entry.LinkAddress);
        if (entry.Destination is { } destination)
            writer.WriteAddress(NeighbourH.NDA_DST, destination);
        if (entry.Port != 0)
            writer.WriteUInt16BigEndian(NeighbourH.NDA_PORT, entry.Port);
        if (entry.Vni != 0)
            writer.WriteUInt32(NeighbourH.NDA_VNI, (uint)entry.Vni);
        if (entry.OutInterface != 0)
            writer.WriteUInt32(NeighbourH.NDA_IFINDEX, (uint)entry.OutInterface);
        if (entry.Vlan != 0)
            writer.WriteUInt16(NeighbourH.NDA_VLAN, (ushort)entry.Vlan);
    }
}
