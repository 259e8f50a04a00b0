using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// Notifications to <see cref="NftablesTransaction"/>: those of one transaction come together, and NFT_MSG_NEWGEN is its last.
/// </summary>
internal sealed class NftablesTransactionReader
{
    // The kernel gives the table's name the same number in all messages: NFTA_CHAIN_TABLE, NFTA_RULE_TABLE, NFTA_SET_TABLE, NFTA_OBJ_TABLE,
    // NFTA_FLOWTABLE_TABLE …
    private const ushort TableName = NFTA_TABLE_NAME;

    private readonly List<Table> tables = [];
    private readonly List<NftablesRemoval> removals = [];
    private readonly List<NftablesAddition> additions = [];

    /// <summary>The transaction that the message ends; null for one in its midst.</summary>
    public NftablesTransaction? Read(NetlinkMessage message)
    {
        if (message.Type >> 8 != NfnetlinkH.NFNL_SUBSYS_NFTABLES)
            return null;
        if ((message.Type & 0xff) == NFT_MSG_NEWGEN)
            return End(message);
        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            if (attributes.Type != TableName)
                continue;
            var table = new Table((NftFamily)message.Header<NfGenMsg>().nfgen_family, attributes.String());
            Touch(table);
            if ((message.Type & 0xff) is NFT_MSG_DELTABLE or NFT_MSG_DELCHAIN or NFT_MSG_DELRULE or NFT_MSG_DELSET or NFT_MSG_DELSETELEM)
                Remove(table, message);
            else if ((message.Type & 0xff) is NFT_MSG_NEWTABLE or NFT_MSG_NEWCHAIN or NFT_MSG_NEWRULE)
                Add(new NftablesAddition(table, FindChain(message)));
        }

        return null;
    }

    // The kernel writes the table's name before all else.
    private void Remove(Table table, NetlinkMessage message)
    {
        if ((message.Type & 0xff) != NFT_MSG_DELSETELEM)
        {
            Remove(new NftablesRemoval(table, FindChain(message), ""));
            return;
        }

        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == NFTA_SET_ELEM_LIST_ELEMENTS)
                RemoveElements(table, attributes.Nested());
        }
    }

    // Of a chain, or of a rule; empty for all else.
    private static string FindChain(NetlinkMessage message)
    {
        ushort name = (message.Type & 0xff) switch
        {
            NFT_MSG_NEWCHAIN or NFT_MSG_DELCHAIN => NFTA_CHAIN_NAME,
            NFT_MSG_NEWRULE or NFT_MSG_DELRULE => NFTA_RULE_CHAIN,
            _ => 0,
        };
        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == name)
                return attributes.String();
        }

        return "";
    }

    private void Add(NftablesAddition addition)
    {
        if (additions.Count == 0 || additions[^1] != addition)
            additions.Add(addition);
    }

    private void RemoveElements(Table table, AttributeReader list)
    {
        while (list.Read())
        {
            var comment = "";
            var element = list.Nested();
            while (element.Read())
            {
                if (element.Type == NFTA_SET_ELEM_USERDATA)
                    comment = UserDataComment.Read(UserDataComment.InElement, element.Value);
            }

            Remove(new NftablesRemoval(table, "", comment));
        }
    }

    private void Remove(NftablesRemoval removal)
    {
        if (removals.Count == 0 || removals[^1] != removal)
            removals.Add(removal);
    }

    /// <summary>Forgets the beginning of a transaction whose end was lost.</summary>
    public void Forget()
    {
        tables.Clear();
        removals.Clear();
        additions.Clear();
    }

    private void Touch(Table table)
    {
        if (!tables.Contains(table))
            tables.Add(table);
    }

    private NftablesTransaction End(NetlinkMessage message)
    {
        var transaction = new NftablesTransaction
        {
            PortId = message.PortId,
            Tables = [.. tables],
            Removals = [.. removals],
            Additions = [.. additions],
        };
        Forget();
        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            transaction = attributes.Type switch
            {
                NFTA_GEN_ID => transaction with { Generation = attributes.UInt32BigEndian() },
                NFTA_GEN_PROC_PID => transaction with { ThreadId = (int)attributes.UInt32BigEndian() },
                NFTA_GEN_PROC_NAME => transaction with { ProcessName = attributes.String() },
                _ => transaction,
            };
        }

        return transaction;
    }
}
