using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>Reads tables, chains and sets.</summary>
internal static partial class NftablesReader
{
    /// <summary>A table.</summary>
    public static Table Table(NetlinkMessage message)
    {
        var attributes = message.Attributes<NfGenMsg>();
        var table = new Table((NftFamily)message.Header<NfGenMsg>().nfgen_family, "");
        while (attributes.Read())
        {
            if (attributes.Type == NFTA_TABLE_NAME)
                table = table with { Name = attributes.String() };
            else if (attributes.Type == NFTA_TABLE_FLAGS)
                table = table with { Flags = attributes.UInt32BigEndian() };
            else if (attributes.Type == NFTA_TABLE_OWNER)
                table = table with { OwnerPortId = attributes.UInt32BigEndian() };
            else if (attributes.Type == NFTA_TABLE_USERDATA)
                table = table with { Comment = UserDataComment.Read(UserDataComment.InTable, attributes.Value) };
        }

        return table;
    }

    /// <summary>A chain of a table; null: of another.</summary>
    public static Chain? Chain(NetlinkMessage message, Table table)
    {
        var chain = new Chain(table, "");
        ChainHook? hook = null;
        var (type, drops) = ("", false);
        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            switch (attributes.Type)
            {
                case NFTA_CHAIN_TABLE when attributes.String() != table.Name:
                    return null;
                case NFTA_CHAIN_NAME:
                    chain = chain with { Name = attributes.String() };
                    break;
                case NFTA_CHAIN_HOOK:
                    hook = Hook(attributes.Nested());
                    break;
                case NFTA_CHAIN_TYPE:
                    type = attributes.String();
                    break;
                case NFTA_CHAIN_POLICY:
                    drops = attributes.UInt32BigEndian() == NF_DROP;
                    break;
                case NFTA_CHAIN_USERDATA:
                    chain = chain with { Comment = UserDataComment.Read(UserDataComment.InChain, attributes.Value) };
                    break;
            }
        }

        var kind = type switch
        {
            "nat" => ChainType.Nat,
            "route" => ChainType.Route,
            _ => ChainType.Filter,
        };
        return hook is null ? chain : chain with { Hook = hook with { Type = kind, DropsByDefault = drops } };
    }

    private static ChainHook Hook(AttributeReader attributes)
    {
        var hook = new ChainHook(ChainType.Filter, NftHook.Prerouting, 0);
        while (attributes.Read())
        {
            if (attributes.Type == NFTA_HOOK_HOOKNUM)
                hook = hook with { Hook = (NftHook)attributes.UInt32BigEndian() };
            else if (attributes.Type == NFTA_HOOK_PRIORITY)
                hook = hook with { Priority = (int)attributes.UInt32BigEndian() };
        }

        return hook;
    }

    /// <summary>A set or map of a table; null: of another, or of one rule only.</summary>
    public static Set? Set(NetlinkMessage message, Table table)
    {
        var set = new Set(table, "", []);
        var (flags, keyType, keyLength, dataType, dataLength) = (0u, 0u, 0u, 0u, 0u);
        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            switch (attributes.Type)
            {
                case NFTA_SET_TABLE when attributes.String() != table.Name:
                    return null;
                case NFTA_SET_NAME:
                    set = set with { Name = attributes.String() };
                    break;
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
                case NFTA_SET_TIMEOUT:
                    set = set with { Timeout = Milliseconds(attributes.UInt64BigEndian()) };
                    break;
                case NFTA_SET_USERDATA:
                    set = set with { Comment = UserDataComment.Read(UserDataComment.InSet, attributes.Value) };
                    break;
            }
        }

        if ((flags & NFT_SET_ANONYMOUS) != 0)
            return null;
        var leadsToVerdict = dataType == NFT_DATA_VERDICT;
        return set with
        {
            Key = Types(keyType, keyLength),
            LeadsToVerdict = leadsToVerdict,
            Data = leadsToVerdict || (flags & NFT_SET_MAP) == 0 ? [] : Types(dataType, dataLength),
            IsInterval = (flags & NFT_SET_INTERVAL) != 0,
            AllowsTimeouts = (flags & NFT_SET_TIMEOUT) != 0,
        };
    }

    // Six bits for each field, the last one's at the end.
    private static DataType[] Types(uint id, uint length)
    {
        var types = new List<DataType>();
        for (; id != 0 || types.Count == 0; id >>= 6)
            types.Insert(0, DataType.OfId((int)(id & 0x3f)));
        if (types.Count == 1 && types[0].Length == 0)
            types[0] = types[0] with { Length = (int)Math.Min(length, 64) };
        return types.ToArray();
    }

    /// <summary>The ruleset's number.</summary>
    public static uint Generation(NetlinkMessage message)
    {
        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == NFTA_GEN_ID)
                return attributes.UInt32BigEndian();
        }

        throw new NetlinkFormatException("a generation without its number");
    }
}
