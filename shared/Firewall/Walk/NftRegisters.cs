using System.Text;
using Plugboard.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Walk;

/// <summary>
/// The registers of one rule's expressions, as they are for one packet: what of it, or of its flow, an expression loads or computes. What
/// cannot be said of the packet is null.
/// </summary>
internal sealed class NftRegisters(WalkedPacket packet)
{
    private readonly Dictionary<uint, byte[]?> registers = [];

    /// <summary>What a register holds; null: unknown, or nothing was loaded into it.</summary>
    public byte[]? Find(uint register) => registers.GetValueOrDefault(register);

    /// <summary>Nothing is known of a register any more.</summary>
    public void Forget(uint register) => registers[register] = null;

    /// <summary>For the next rule.</summary>
    public void Clear() => registers.Clear();

    /// <summary>Executes an expression that loads or computes a value; false for any other.</summary>
    /// <param name="name">The expression's name.</param>
    /// <param name="data">Its attributes.</param>
    public bool TryRun(string name, AttributeReader data)
    {
        switch (name)
        {
            case "meta":
                Load(data, NFTA_META_KEY, NFTA_META_DREG, Meta);
                return true;
            case "ct":
                Load(data, NFTA_CT_KEY, NFTA_CT_DREG, Conntrack);
                return true;
            case "payload":
                Payload(data);
                return true;
            case "bitwise":
                Bitwise(data);
                return true;
            default:
                return false;
        }
    }

    private void Load(AttributeReader data, ushort keyType, ushort registerType, Func<uint, byte[]?> value)
    {
        uint? key = null,
            register = null;
        while (data.Read())
        {
            if (data.Type == keyType)
                key = data.UInt32BigEndian();
            else if (data.Type == registerType)
                register = data.UInt32BigEndian();
        }

        // Without a register it sets something: a mark, which is nothing to the sender's address.
        if (key is { } wanted && register is { } destination)
            registers[destination] = value(wanted);
    }

    private byte[]? Meta(uint key) =>
        key switch
        {
            NFT_META_MARK => new byte[4],
            NFT_META_OIFNAME => Padded(packet.OutLink),
            NFT_META_IIFNAME => Padded(packet.InLink),
            NFT_META_NFPROTO => [packet.Source.Is6 ? (byte)10 : (byte)2],
            NFT_META_L4PROTO => [6],
            _ => null,
        };

    private static byte[] Padded(string link)
    {
        var name = new byte[16];
        Encoding.UTF8.GetBytes(link, name);
        return name;
    }

    // The first packet of a flow without a translation: state new, no status, no mark.
    private static byte[]? Conntrack(uint key) =>
        key switch
        {
            NFT_CT_STATE => BitConverter.GetBytes(8u),
            NFT_CT_STATUS or NFT_CT_MARK => new byte[4],
            NFT_CT_DIRECTION => [0],
            _ => null,
        };

    private void Payload(AttributeReader data)
    {
        uint register = 0,
            where = 0,
            offset = 0,
            length = 0;
        while (data.Read())
        {
            switch (data.Type)
            {
                case NFTA_PAYLOAD_DREG:
                    register = data.UInt32BigEndian();
                    break;
                case NFTA_PAYLOAD_BASE:
                    where = data.UInt32BigEndian();
                    break;
                case NFTA_PAYLOAD_OFFSET:
                    offset = data.UInt32BigEndian();
                    break;
                case NFTA_PAYLOAD_LEN:
                    length = data.UInt32BigEndian();
                    break;
            }
        }

        registers[register] =
            where == NFT_PAYLOAD_NETWORK_HEADER && packet.Tells((int)offset, (int)length)
                ? packet.Header.AsSpan((int)offset, (int)length).ToArray()
                : null;
    }

    private void Bitwise(AttributeReader data)
    {
        uint source = 0,
            destination = 0,
            operation = 0;
        byte[] mask = [],
            xor = [];
        while (data.Read())
        {
            switch (data.Type)
            {
                case NFTA_BITWISE_SREG:
                    source = data.UInt32BigEndian();
                    break;
                case NFTA_BITWISE_DREG:
                    destination = data.UInt32BigEndian();
                    break;
                case NFTA_BITWISE_OP:
                    operation = data.UInt32BigEndian();
                    break;
                case NFTA_BITWISE_MASK:
                    mask = Value(data.Nested());
                    break;
                case NFTA_BITWISE_XOR:
                    xor = Value(data.Nested());
                    break;
            }
        }

        if (
            operation != 0
            || !registers.TryGetValue(source, out var value)
            || value is null
            || value.Length > mask.Length
            || value.Length > xor.Length
        )
        {
            registers[destination] = null;
            return;
        }

        var result = new byte[value.Length];
        for (var i = 0; i < result.Length; i++)
            result[i] = (byte)((value[i] & mask[i]) ^ xor[i]);
        registers[destination] = result;
    }

    /// <summary>The bytes of an attribute that holds a value; none if it holds another thing.</summary>
    public static byte[] Value(AttributeReader data)
    {
        while (data.Read())
        {
            if (data.Type == NFTA_DATA_VALUE)
                return data.Value.ToArray();
        }

        return [];
    }
}
