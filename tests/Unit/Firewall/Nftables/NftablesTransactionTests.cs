using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Netlink;
using Plugboard.Tests.Unit.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Tests.Unit.Firewall.Nftables;

public sealed class NftablesTransactionTests : IDisposable
{
    private readonly ScriptedKernel kernel = new();
    private readonly NftablesMonitor monitor;

    public NftablesTransactionTests() => monitor = new NftablesMonitor(new NetlinkListener(kernel.Socket()));

    public void Dispose() => monitor.Dispose();

    private static byte[] Message(int type, NftFamily family, Action<NetlinkWriter> write) =>
        ScriptedKernel.Message(
            (ushort)(NfnetlinkH.NFNL_SUBSYS_NFTABLES << 8 | type),
            0,
            0,
            writer =>
            {
                writer.WriteStruct(new NfGenMsg { nfgen_family = (byte)family });
                write(writer);
            }
        );

    private static byte[] Touch(int type, NftFamily family, string table) => Message(type, family, writer => writer.WriteString(1, table));

    private static byte[] End(uint generation, string name)
    {
        var message = Message(
            NFT_MSG_NEWGEN,
            0,
            writer =>
            {
                writer.WriteUInt32BigEndian(NFTA_GEN_ID, generation);
                writer.WriteUInt32BigEndian(NFTA_GEN_PROC_PID, 42);
                writer.WriteString(NFTA_GEN_PROC_NAME, name);
            }
        );
        // nlmsg_pid
        message[12] = 99;
        return message;
    }

    [Fact]
    public void A_transaction_names_each_table_once()
    {
        kernel.Notify(
            [
                .. Touch(NFT_MSG_DELTABLE, NftFamily.IPv4, "nat"),
                .. Touch(NFT_MSG_NEWRULE, NftFamily.Inet, "a"),
                .. Touch(NFT_MSG_NEWSETELEM, NftFamily.Inet, "a"),
            ],
            [.. Touch(NFT_MSG_DELFLOWTABLE, NftFamily.IPv6, "a")],
            End(7, "nft"),
            End(8, "other")
        );
        var told = monitor.Receive(TimeSpan.Zero).Items;
        Assert.Equal([(7u, 99u, 42, "nft"), (8u, 99u, 42, "other")], told.Select(t => (t.Generation, t.PortId, t.ThreadId, t.ProcessName)));
        Assert.Equal([new Table(NftFamily.IPv4, "nat"), new Table(NftFamily.Inet, "a"), new Table(NftFamily.IPv6, "a")], told[0].Tables);
        Assert.Empty(told[1].Tables);
    }

    [Fact]
    public void A_transaction_whose_end_has_not_come_is_reported_with_it()
    {
        kernel.Notify(Touch(NFT_MSG_NEWTABLE, NftFamily.Inet, "a"));
        Assert.Empty(monitor.Receive(TimeSpan.Zero).Items);
        kernel.Notify(End(7, "nft"));
        Assert.Equal([new Table(NftFamily.Inet, "a")], Assert.Single(monitor.Receive(TimeSpan.Zero).Items).Tables);
    }

    [Fact]
    public void A_transaction_whose_end_was_lost_is_forgotten()
    {
        kernel.Notify(Touch(NFT_MSG_NEWTABLE, NftFamily.Inet, "a"), []);
        Assert.True(monitor.Receive(TimeSpan.Zero).Lost);
        kernel.Notify(End(7, "nft"));
        Assert.Empty(Assert.Single(monitor.Receive(TimeSpan.Zero).Items).Tables);
    }

    [Fact]
    public void Other_subsystems_are_passed_over_and_a_broken_message_is_a_format_exception()
    {
        kernel.Notify(ScriptedKernel.Message(0x100, 0, 0, writer => writer.WriteString(1, "x")));
        Assert.Empty(monitor.Receive(TimeSpan.Zero).Items);
        kernel.Notify(Message(NFT_MSG_NEWGEN, 0, writer => writer.WriteUInt16(NFTA_GEN_ID, 1)));
        Assert.Throws<NetlinkFormatException>(() => monitor.Receive(TimeSpan.Zero));
    }
}
