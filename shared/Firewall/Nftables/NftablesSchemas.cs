using Plugboard.Netlink.Trace;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>The attributes of nftables' messages, as far as errors and the trace name them.</summary>
internal static class NftablesSchemas
{
    private const int Header = 4;

    /// <summary>The attributes of a message without its subsystem's number; null if it is not known.</summary>
    public static AttributeSchema? Of(int message) =>
        message switch
        {
            NFT_MSG_NEWTABLE or NFT_MSG_GETTABLE or NFT_MSG_DELTABLE => new AttributeSchema(
                Header,
                Text(NFTA_TABLE_NAME, nameof(NFTA_TABLE_NAME)),
                Number(NFTA_TABLE_FLAGS, nameof(NFTA_TABLE_FLAGS)),
                Bytes(NFTA_TABLE_USERDATA, nameof(NFTA_TABLE_USERDATA))
            ),
            NFT_MSG_NEWCHAIN or NFT_MSG_GETCHAIN or NFT_MSG_DELCHAIN => new AttributeSchema(
                Header,
                Text(NFTA_CHAIN_TABLE, nameof(NFTA_CHAIN_TABLE)),
                Text(NFTA_CHAIN_NAME, nameof(NFTA_CHAIN_NAME)),
                Text(NFTA_CHAIN_TYPE, nameof(NFTA_CHAIN_TYPE)),
                Nested(
                    NFTA_CHAIN_HOOK,
                    nameof(NFTA_CHAIN_HOOK),
                    Number(NFTA_HOOK_HOOKNUM, nameof(NFTA_HOOK_HOOKNUM)),
                    Number(NFTA_HOOK_PRIORITY, nameof(NFTA_HOOK_PRIORITY))
                ),
                Number(NFTA_CHAIN_POLICY, nameof(NFTA_CHAIN_POLICY)),
                Number(NFTA_CHAIN_HANDLE, nameof(NFTA_CHAIN_HANDLE))
            ),
            NFT_MSG_NEWRULE or NFT_MSG_GETRULE or NFT_MSG_DELRULE => new AttributeSchema(
                Header,
                Text(NFTA_RULE_TABLE, nameof(NFTA_RULE_TABLE)),
                Text(NFTA_RULE_CHAIN, nameof(NFTA_RULE_CHAIN)),
                Number(NFTA_RULE_HANDLE, nameof(NFTA_RULE_HANDLE)),
                Number(NFTA_RULE_POSITION, nameof(NFTA_RULE_POSITION)),
                Nested(NFTA_RULE_EXPRESSIONS, nameof(NFTA_RULE_EXPRESSIONS), Expression()),
                Bytes(NFTA_RULE_USERDATA, nameof(NFTA_RULE_USERDATA))
            ),
            NFT_MSG_NEWSET or NFT_MSG_GETSET or NFT_MSG_DELSET => new AttributeSchema(
                Header,
                Text(NFTA_SET_TABLE, nameof(NFTA_SET_TABLE)),
                Text(NFTA_SET_NAME, nameof(NFTA_SET_NAME)),
                Number(NFTA_SET_FLAGS, nameof(NFTA_SET_FLAGS)),
                Number(NFTA_SET_KEY_TYPE, nameof(NFTA_SET_KEY_TYPE)),
                Number(NFTA_SET_KEY_LEN, nameof(NFTA_SET_KEY_LEN)),
                Number(NFTA_SET_DATA_TYPE, nameof(NFTA_SET_DATA_TYPE)),
                Number(NFTA_SET_DATA_LEN, nameof(NFTA_SET_DATA_LEN)),
                Number(NFTA_SET_ID, nameof(NFTA_SET_ID)),
                Number(NFTA_SET_TIMEOUT, nameof(NFTA_SET_TIMEOUT)),
                Bytes(NFTA_SET_DESC, nameof(NFTA_SET_DESC)),
                Bytes(NFTA_SET_USERDATA, nameof(NFTA_SET_USERDATA))
            ),
            NFT_MSG_NEWSETELEM or NFT_MSG_GETSETELEM or NFT_MSG_DELSETELEM => new AttributeSchema(
                Header,
                Text(NFTA_SET_ELEM_LIST_TABLE, nameof(NFTA_SET_ELEM_LIST_TABLE)),
                Text(NFTA_SET_ELEM_LIST_SET, nameof(NFTA_SET_ELEM_LIST_SET)),
                Number(NFTA_SET_ELEM_LIST_SET_ID, nameof(NFTA_SET_ELEM_LIST_SET_ID)),
                Nested(NFTA_SET_ELEM_LIST_ELEMENTS, nameof(NFTA_SET_ELEM_LIST_ELEMENTS), Element())
            ),
            _ => null,
        };

    private static AttributeDefinition Expression() =>
        Nested(
            NFTA_LIST_ELEM,
            "NFTA_LIST_ELEM",
            Text(NFTA_EXPR_NAME, nameof(NFTA_EXPR_NAME)),
            Bytes(NFTA_EXPR_DATA, nameof(NFTA_EXPR_DATA))
        );

    private static AttributeDefinition Element() =>
        Nested(
            NFTA_LIST_ELEM,
            "NFTA_LIST_ELEM",
            Nested(NFTA_SET_ELEM_KEY, nameof(NFTA_SET_ELEM_KEY), Bytes(NFTA_DATA_VALUE, nameof(NFTA_DATA_VALUE))),
            Nested(NFTA_SET_ELEM_KEY_END, nameof(NFTA_SET_ELEM_KEY_END), Bytes(NFTA_DATA_VALUE, nameof(NFTA_DATA_VALUE))),
            Nested(
                NFTA_SET_ELEM_DATA,
                nameof(NFTA_SET_ELEM_DATA),
                Bytes(NFTA_DATA_VALUE, nameof(NFTA_DATA_VALUE)),
                Bytes(NFTA_DATA_VERDICT, nameof(NFTA_DATA_VERDICT))
            ),
            Number(NFTA_SET_ELEM_FLAGS, nameof(NFTA_SET_ELEM_FLAGS)),
            Number(NFTA_SET_ELEM_TIMEOUT, nameof(NFTA_SET_ELEM_TIMEOUT)),
            Bytes(NFTA_SET_ELEM_USERDATA, nameof(NFTA_SET_ELEM_USERDATA))
        );

    private static AttributeDefinition Text(ushort type, string name) => new(type, name, AttributeFormat.Text);

    private static AttributeDefinition Number(ushort type, string name) => new(type, name, AttributeFormat.NumberBigEndian);

    private static AttributeDefinition Bytes(ushort type, string name) => new(type, name, AttributeFormat.Bytes);

    private static AttributeDefinition Nested(ushort type, string name, params AttributeDefinition[] inside) =>
        new(type, name, AttributeFormat.Nested, new AttributeSchema(0, inside));
}
