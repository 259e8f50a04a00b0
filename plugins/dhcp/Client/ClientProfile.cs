using System.Text;
using Plugboard.Addresses;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Dhcp.Client;

/// <summary>Who a client is, and what it sends in every message.</summary>
internal sealed record ClientProfile
{
    private const int LongestId = 254;

    /// <summary>The interface's hardware address.</summary>
    public required MacAddress Hardware { get; init; }

    /// <summary>Option 61.</summary>
    public required byte[] ClientId { get; init; }

    /// <summary>Option 55; empty: it is left out.</summary>
    public required IReadOnlyList<byte> Requested { get; init; }

    /// <summary>The options that the config provides, without option 61.</summary>
    public required IReadOnlyList<(byte Code, byte[] Value)> Provided { get; init; }

    /// <summary>Servers must answer by broadcast.</summary>
    public bool Broadcast { get; init; }

    /// <summary>The client of an attachment, by its config.</summary>
    public static ClientProfile From(Attachment owner, MacAddress hardware, DhcpConfig config, bool broadcast)
    {
        byte[] id = [0, .. IdOf(owner)];
        var provided = new List<(byte Code, byte[] Value)>();
        foreach (var (code, value) in config.Provided)
        {
            if (code == DhcpOption.ClientIdentifier)
                id = value;
            else if (code is not (DhcpOption.MessageType or DhcpOption.RequestedAddress or DhcpOption.ServerIdentifier))
                provided.Add((code, value));
        }

        return new ClientProfile
        {
            Hardware = hardware,
            ClientId = id,
            Requested = config.Requested,
            Provided = provided,
            Broadcast = broadcast,
        };
    }

    /// <summary>The reference's id: <c>container/network/interface</c>, cut to 254 bytes; option 61 has a zero before it.</summary>
    private static byte[] IdOf(Attachment owner)
    {
        var id = Encoding.UTF8.GetBytes($"{owner.ContainerId}/{owner.Network}/{owner.IfName}");
        return id.Length <= LongestId ? id : id[..LongestId];
    }
}

/// <summary>How long a client waits, in milliseconds.</summary>
/// <param name="Answer">A server's answer to REQUEST, before the next DISCOVER.</param>
/// <param name="LongestPause">The longest pause between two messages without an answer.</param>
/// <param name="GiveUp">All of an ADD.</param>
/// <param name="Probe">For another interface to claim the address; 0: none is asked.</param>
internal sealed record ClientTimings(long Answer = 10_000, long LongestPause = 62_000, long GiveUp = 208_000, long Probe = 200);
