using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>
/// The addresses of a namespace's links. Every refusal is a <see cref="NetlinkException"/>. Source: rtnetlink(7); ip-address(8).
/// </summary>
public sealed class AddressTable
{
    private readonly NetlinkSocket socket;

    internal AddressTable(NetlinkSocket socket) => this.socket = socket;

    /// <summary>
    /// A link's addresses in the kernel's order; the kernel picks them (Linux 4.20), an older one sends all and they are picked here.
    /// </summary>
    /// <param name="index">The link's index.</param>
    /// <param name="family">IPv4, IPv6, or both.</param>
    /// <exception cref="NetlinkException">ENODEV: there is no such link.</exception>
    public IReadOnlyList<InterfaceAddress> List(int index, AddressFamily family = AddressFamily.Unspecified)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP))
            request.WriteStruct(new IfAddrMsg { ifa_family = (byte)family, ifa_index = (uint)index });
        return socket.Dump(
            request,
            () => $"addresses of {LinkTable.Subject(index)}",
            message => AddressReader.ReadIndex(message) == index ? AddressReader.Read(message) : null
        );
    }

    /// <summary>The addresses of all links in the kernel's order.</summary>
    /// <param name="family">IPv4, IPv6, or both.</param>
    public IReadOnlyList<InterfaceAddress> ListAll(AddressFamily family = AddressFamily.Unspecified)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP))
            request.WriteStruct(new IfAddrMsg { ifa_family = (byte)family });
        return socket.Dump(request, static () => "addresses", AddressReader.Read);
    }

    /// <summary>
    /// The addresses of all links of another namespace, whose number links of this one have (<see cref="Links.Link.LinkNetNsId"/>); empty
    /// if it is gone. Source: IFA_TARGET_NETNSID (Linux 4.20).
    /// </summary>
    /// <param name="netNsId">The namespace's number, 0 or more.</param>
    /// <param name="family">IPv4, IPv6, or both.</param>
    /// <exception cref="NotSupportedException">The kernel is older: it would list this namespace's.</exception>
    public IReadOnlyList<InterfaceAddress> ListIn(int netNsId, AddressFamily family = AddressFamily.Unspecified)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP))
        {
            request.WriteStruct(new IfAddrMsg { ifa_family = (byte)family });
            request.WriteUInt32(IfAddrH.IFA_TARGET_NETNSID, (uint)netNsId);
        }

        return socket.Dump(
            request,
            () => $"addresses of namespace {netNsId}",
            message =>
                AddressReader.IsOfNamespace(message, netNsId)
                    ? AddressReader.Read(message)
                    : throw new NotSupportedException(
                        "this kernel lists the addresses of its own namespace only (other namespaces need Linux 4.20)"
                    ),
            absent: Errno.EINVAL
        );
    }

    /// <summary>
    /// Adds an address for ever; an IPv4 address in a network of more than two gets the network's last address for broadcast.
    /// </summary>
    /// <exception cref="NetlinkException">EEXIST: the link has it; ENODEV: there is no such link; EACCES: IPv6 is switched off
    /// there.</exception>
    public void Add(int index, IPPrefix address, AddressOptions options = default)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL))
        {
            WriteHeader(request, index, address, options.Scope);
            if (address.HasBroadcast)
                request.WriteAddress(IfAddrH.IFA_BROADCAST, address.Last);
            var flags = (options.NoDad ? IfAddrH.IFA_F_NODAD : 0) | (options.NoPrefixRoute ? IfAddrH.IFA_F_NOPREFIXROUTE : 0);
            if (flags != 0)
                request.WriteUInt32(IfAddrH.IFA_FLAGS, flags);
        }

        socket.Execute(request, () => $"{address} on {LinkTable.Subject(index)}");
    }

    /// <summary>
    /// Removes an address; false if the address (EADDRNOTAVAIL) or the link (ENODEV) was gone already, or the link's IPv6 with all its
    /// addresses (ENXIO): it is switched off, or the MTU is below 1280.
    /// </summary>
    public bool Delete(int index, IPPrefix address)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_DELADDR, NLM_F_REQUEST | NLM_F_ACK))
            WriteHeader(request, index, address, RouteScope.Universe);
        var error = socket.TryExecute(request);
        if (error is null)
            return true;
        return error.Errno is Errno.EADDRNOTAVAIL or Errno.ENODEV or Errno.ENXIO
            ? false
            : throw new NetlinkException(nameof(RTM_DELADDR), $"{address} on {LinkTable.Subject(index)}", error);
    }

    private static void WriteHeader(NetlinkWriter request, int index, IPPrefix address, RouteScope scope)
    {
        request.WriteStruct(
            new IfAddrMsg
            {
                ifa_family = address.Is6 ? SocketH.AF_INET6 : SocketH.AF_INET,
                ifa_prefixlen = (byte)address.Length,
                ifa_scope = (byte)scope,
                ifa_index = (uint)index,
            }
        );
        request.WriteAddress(IfAddrH.IFA_LOCAL, address.Address);
        request.WriteAddress(IfAddrH.IFA_ADDRESS, address.Address);
    }
}

/// <summary>How an address is added.</summary>
/// <param name="NoDad">IPv6: taken at once, without duplicate address detection (IFA_F_NODAD).</param>
/// <param name="NoPrefixRoute">No route to its network is made (IFA_F_NOPREFIXROUTE, Linux 3.14).</param>
/// <param name="Scope">Where it is valid.</param>
public readonly record struct AddressOptions(bool NoDad = false, bool NoPrefixRoute = false, RouteScope Scope = RouteScope.Universe);
