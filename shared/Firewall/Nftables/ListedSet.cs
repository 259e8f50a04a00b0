using System.Globalization;
using Plugboard.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>A set or map in the kernel.</summary>
/// <param name="Set">Its attributes, as far as <see cref="Nftables.Set"/> has them.</param>
/// <param name="Layout">The attributes that decide what it can hold: equal to <see cref="LayoutOf"/>'s for an equal set. Comments do not
/// count.</param>
internal sealed record ListedSet(Set Set, string Layout)
{
    /// <summary>The layout of a desired set.</summary>
    public static string LayoutOf(Set set)
    {
        var writer = new NetlinkWriter();
        SetWriter.WriteDescription(writer, set, 0);
        return Describe(new AttributeReader(writer.Written));
    }

    /// <summary>The layout of a set's attributes, ours or the kernel's. Any bytes are safe.</summary>
    public static string Describe(AttributeReader attributes)
    {
        uint flags = 0,
            keyType = 0,
            keyLength = 0,
            dataType = 0,
            dataLength = 0;
        var rest = new List<string>();
        while (attributes.Read())
        {
            switch (attributes.Type)
            {
                case NFTA_SET_FLAGS:
                    flags = attributes.UInt32BigEndian();
                    break;
                case NFTA_SET_KEY_TYPE:
                    keyType = attributes.UInt32BigEndian();
                    break;
                case NFTA_SET_KEY_LEN:
                    keyLength = attributes.UInt32BigEndian();
                    break;
                case NFTA_SET_DATA_TYPE:
                    dataType = attributes.UInt32BigEndian();
                    break;
                case NFTA_SET_DATA_LEN:
                    dataLength = attributes.UInt32BigEndian();
                    break;
                case NFTA_SET_DESC:
                    AddDescription(rest, attributes.Nested());
                    break;
                case NFTA_SET_TIMEOUT or NFTA_SET_GC_INTERVAL or NFTA_SET_OBJ_TYPE or NFTA_SET_POLICY:
                case NFTA_SET_EXPR or NFTA_SET_EXPRESSIONS:
                    Add(rest, attributes);
                    break;
            }
        }

        // The kernel lists the length of its own verdicts.
        if (dataType == NFT_DATA_VERDICT)
            dataLength = 0;
        // The kernel has its own order.
        rest.Sort(StringComparer.Ordinal);
        var others = string.Join(' ', rest);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"flags {flags:x} key {keyType:x}/{keyLength} data {dataType:x}/{dataLength} {others}"
        );
    }

    // 0 is the kernel's value for an absent number, and it may list it.
    private static void Add(List<string> rest, AttributeReader attribute)
    {
        if (attribute.Value.ContainsAnyExcept((byte)0))
            rest.Add(string.Create(CultureInfo.InvariantCulture, $"{attribute.Type}={Convert.ToHexString(attribute.Value)}"));
    }

    private static void AddDescription(List<string> rest, AttributeReader description)
    {
        while (description.Read())
        {
            if (description.Type == NFTA_SET_DESC_SIZE)
                rest.Add(string.Create(CultureInfo.InvariantCulture, $"size={description.UInt32BigEndian()}"));
            if (description.Type != NFTA_SET_DESC_CONCAT)
                continue;
            var fields = description.Nested();
            var lengths = "";
            while (fields.Read())
            {
                var field = fields.Nested();
                while (field.Read())
                    lengths += $".{Convert.ToHexString(field.Value)}";
            }

            rest.Add($"fields={lengths}");
        }
    }
}
