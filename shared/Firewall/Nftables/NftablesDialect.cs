using System.Globalization;
using System.Runtime.InteropServices;
using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Netlink.Trace;
using Plugboard.Netlink.Uapi;

namespace Plugboard.Firewall.Nftables;

/// <summary>The words of nftables' messages.</summary>
internal sealed class NftablesDialect : NetlinkDialect
{
    public override string MessageName(ushort type) =>
        type switch
        {
            NfnetlinkH.NFNL_MSG_BATCH_BEGIN => nameof(NfnetlinkH.NFNL_MSG_BATCH_BEGIN),
            NfnetlinkH.NFNL_MSG_BATCH_END => nameof(NfnetlinkH.NFNL_MSG_BATCH_END),
            _ when type >> 8 == NfnetlinkH.NFNL_SUBSYS_NFTABLES => (type & 0xff) switch
            {
                NfTablesH.NFT_MSG_NEWTABLE => nameof(NfTablesH.NFT_MSG_NEWTABLE),
                NfTablesH.NFT_MSG_GETTABLE => nameof(NfTablesH.NFT_MSG_GETTABLE),
                NfTablesH.NFT_MSG_DELTABLE => nameof(NfTablesH.NFT_MSG_DELTABLE),
                NfTablesH.NFT_MSG_NEWCHAIN => nameof(NfTablesH.NFT_MSG_NEWCHAIN),
                NfTablesH.NFT_MSG_GETCHAIN => nameof(NfTablesH.NFT_MSG_GETCHAIN),
                NfTablesH.NFT_MSG_DELCHAIN => nameof(NfTablesH.NFT_MSG_DELCHAIN),
                NfTablesH.NFT_MSG_NEWRULE => nameof(NfTablesH.NFT_MSG_NEWRULE),
                NfTablesH.NFT_MSG_GETRULE => nameof(NfTablesH.NFT_MSG_GETRULE),
                NfTablesH.NFT_MSG_DELRULE => nameof(NfTablesH.NFT_MSG_DELRULE),
                NfTablesH.NFT_MSG_NEWSET => nameof(NfTablesH.NFT_MSG_NEWSET),
                NfTablesH.NFT_MSG_GETSET => nameof(NfTablesH.NFT_MSG_GETSET),
                NfTablesH.NFT_MSG_DELSET => nameof(NfTablesH.NFT_MSG_DELSET),
                NfTablesH.NFT_MSG_NEWSETELEM => nameof(NfTablesH.NFT_MSG_NEWSETELEM),
                NfTablesH.NFT_MSG_GETSETELEM => nameof(NfTablesH.NFT_MSG_GETSETELEM),
                NfTablesH.NFT_MSG_DELSETELEM => nameof(NfTablesH.NFT_MSG_DELSETELEM),
                NfTablesH.NFT_MSG_NEWGEN => nameof(NfTablesH.NFT_MSG_NEWGEN),
                NfTablesH.NFT_MSG_GETGEN => nameof(NfTablesH.NFT_MSG_GETGEN),
                var other => "nftables message " + other.ToString(CultureInfo.InvariantCulture),
            },
            _ => "message " + type.ToString(CultureInfo.InvariantCulture),
        };

    public override string FlagNames(ushort type, ushort flags)
    {
        var names = new List<string>(3);
        if ((flags & NetlinkH.NLM_F_EXCL) != 0)
            names.Add("EXCL");
        if ((flags & NetlinkH.NLM_F_CREATE) != 0)
            names.Add("CREATE");
        // Of a question the bit says something else.
        if (
            (flags & NetlinkH.NLM_F_REPLACE) != 0
            && type == (NfnetlinkH.NFNL_SUBSYS_NFTABLES << 8 | NfTablesH.NFT_MSG_NEWRULE)
            && (flags & NetlinkH.NLM_F_CREATE) != 0
        )
            names.Add("REPLACE");
        if ((flags & NetlinkH.NLM_F_APPEND) != 0)
            names.Add("APPEND");
        return string.Join('|', names);
    }

    public override string DescribeHeader(ushort type, ReadOnlySpan<byte> payload) =>
        MemoryMarshal.TryRead<NfGenMsg>(payload, out var header)
            ? $"family {((NftFamily)header.nfgen_family).Word()}"
            : $"{payload.Length} bytes";

    public override AttributeSchema? Schema(ushort type, ReadOnlySpan<byte> payload) =>
        type >> 8 == NfnetlinkH.NFNL_SUBSYS_NFTABLES && payload.Length >= 4 ? NftablesSchemas.Of(type & 0xff) : null;
}
