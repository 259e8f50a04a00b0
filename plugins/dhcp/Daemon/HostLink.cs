using System.Buffers.Binary;
using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Wire;
using Plugboard.Linux;
using Plugboard.Linux.Sockets;
using Plugboard.Netlink.Route;

namespace Plugboard.Dhcp.Daemon;

/// <summary>
/// Sends for a pod whose namespace is gone: a frame with the pod's own addresses, by the host's link to its network. A server on the host
/// itself, behind a bridge, does not get it.
/// </summary>
internal static class HostLink
{
    private const int EthernetHeader = 14;

    /// <summary>Sends it; the reason if it cannot be sent, null if it is.</summary>
    public static string? TrySend(string name, MacAddress hardware, Transmit sent) =>
        TrySend(
            name,
            (hardware, sent.Hardware),
            UdpPacket.EtherType,
            UdpPacket.Write(sent.Source, sent.Destination, DhcpWriter.Write(sent.Message))
        );

    /// <summary>The same for a DHCPv6 message.</summary>
    public static string? TrySend(string name, MacAddress hardware, IPAddr? linkLocal, Dhcp6Message sent) =>
        linkLocal is { } source
            ? TrySend(
                name,
                (hardware, Dhcp6Ports.AllServersHardware),
                IPv6Packet.EtherType,
                IPv6Packet.WriteUdp(source, Dhcp6Ports.AllServers, Dhcp6Reader.Write(sent))
            )
            : "the pod's link-local address is not known";

    private static string? TrySend(string name, (MacAddress From, MacAddress To) hardware, ushort protocol, byte[] packet)
    {
        if (name.Length == 0)
            return "no link of the host is known to lead to its network";
        using var client = RouteClient.Open();
        if (client.Links.Find(name) is not { } link)
            return $"the host's link {name} is gone";
        var frame = new byte[EthernetHeader + packet.Length];
        hardware.To.WriteBytes(frame);
        hardware.From.WriteBytes(frame.AsSpan(MacAddress.ByteCount));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2 * MacAddress.ByteCount), protocol);
        packet.CopyTo(frame.AsSpan(EthernetHeader));
        try
        {
            using var socket = FrameSocket.Open();
            socket.Send(link.Index, frame);
            return null;
        }
        catch (ErrnoException e)
        {
            return e.Message;
        }
    }
}
