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
    public static string? TrySend(string name, MacAddress hardware, Transmit sent)
    {
        if (name.Length == 0)
            return "no link of the host is known to lead to its network";
        using var client = RouteClient.Open();
        if (client.Links.Find(name) is not { } link)
            return $"the host's link {name} is gone";
        var packet = UdpPacket.Write(sent.Source, sent.Destination, DhcpWriter.Write(sent.Message));
        var frame = new byte[EthernetHeader + packet.Length];
        sent.Hardware.WriteBytes(frame);
        hardware.WriteBytes(frame.AsSpan(MacAddress.ByteCount));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2 * MacAddress.ByteCount), UdpPacket.EtherType);
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
