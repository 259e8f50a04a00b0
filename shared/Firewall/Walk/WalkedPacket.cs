using Plugboard.Addresses;

namespace Plugboard.Firewall.Walk;

/// <summary>The first packet of a TCP connection, on its way out or passing through: without a mark, and not translated before.</summary>
/// <param name="Source">The pod.</param>
/// <param name="Destination">The other pod.</param>
/// <param name="OutLink">The link by which it leaves the node.</param>
internal sealed record WalkedPacket(IPAddr Source, IPAddr Destination, string OutLink)
{
    private const byte Tcp = 6;

    /// <summary>
    /// The link by which it came, for a packet that is passing through; empty at the hook that packets leave by, where it is not known.
    /// </summary>
    public string InLink { get; init; } = "";

    /// <summary>As the rules see its network header. What is not an address or the protocol is not meant to be looked at.</summary>
    public byte[] Header
    {
        get
        {
            var header = new byte[Source.Is6 ? 40 : 20];
            header[Source.Is6 ? 6 : 9] = Tcp;
            Source.WriteBytes(header.AsSpan(Source.Is6 ? 8 : 12));
            Destination.WriteBytes(header.AsSpan(Source.Is6 ? 24 : 16));
            return header;
        }
    }

    /// <summary>True if a rule can read these bytes of the header: protocol, source, destination.</summary>
    public bool Tells(int offset, int length) =>
        Source.Is6
            ? (offset == 6 && length == 1) || (offset >= 8 && offset + length <= 40)
            : (offset == 9 && length == 1) || (offset >= 12 && offset + length <= 20);
}
