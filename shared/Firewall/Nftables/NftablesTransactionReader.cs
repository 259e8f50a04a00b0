using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>Notifications to <see cref="NftablesTransaction"/>: those of one transaction come together, and NFT_MSG_NEWGEN is its last.</summary>
internal sealed class NftablesTransactionReader
{
    // The kernel gives the table's name the same number in all messages: NFTA_CHAIN_TABLE, NFTA_RULE_TABLE, NFTA_SET_TABLE, NFTA_OBJ_TABLE, NFTA_FLOWTABLE_TABLE …
    private const ushort TableName = NFTA_TABLE_NAME;

    private readonly List<Table> tables = [];

    /// <summary>The transaction that the message ends; null for one in its midst.</summary>
    public NftablesTransaction? Read(NetlinkMessage message)
    {
        if (message.Type >> 8 != NfnetlinkH.NFNL_SUBSYS_NFTABLES)
            return null;
        if ((message.Type & 0xff) == NFT_MSG_NEWGEN)
            return End(message);
        var family = (NftFamily)message.Header<NfGenMsg>().nfgen_family;
        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == TableName)
                Touch(new Table(family, attributes.String()));
        }

        return null;
    }

    /// <summary>Forgets the beginning of a transaction whose end was lost.</summary>
    public void Forget() => tables.Clear();

    private void Touch(Table table)
    {
        if (!tables.Contains(table))
            tables.Add(table);
    }

    private NftablesTransaction End(NetlinkMessage message)
    {
        var transaction = new NftablesTransaction { PortId = message.PortId, Tables = [.. tables] };
        tables.Clear();
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
