using System.Runtime.InteropServices;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Uapi;
using Plugboard.Tests.Unit.Netlink;

namespace Plugboard.Tests.Unit.Firewall.Nftables;

/// <summary>The bytes of batches, and what is made of the answers.</summary>
public sealed class NftablesBatchTests
{
    private static readonly Table Table = new(NftFamily.Inet, "t");
    private static readonly Chain Chain = new(Table, "c");
    private static readonly Set Ports = new(Table, "p", [DataType.InetService]);

    private static string Bytes(Action<NftablesBatch> write, uint? generation = null)
    {
        var batch = new NftablesBatch(generation);
        write(batch);
        return Convert.ToHexString(batch.End().Written);
    }

    // Length, type, flags, sequence, port, family, version, resource; then the attributes, each with length and type.
    private const string Begin = "140000001000010000000000000000000000000A";
    private const string End = "140000001100010000000000000000000000000A";

    [Fact]
    public void An_empty_batch_is_its_frame() => Assert.Equal(Begin + End, Bytes(static _ => { }));

    [Fact]
    public void A_generation_is_told_at_the_start() =>
        Assert.Equal("1C0000001000010000000000000000000000000A" + "0800010001020304" + End, Bytes(static _ => { }, 0x01020304));

    [Fact]
    public void A_table() =>
        Assert.Equal(
            Begin
                + "30000000000A0104000000000000000001000000"
                + "0600010074000000"
                + "0800020000000000"
                + "0C000600"
                + "0006"
                + "68656C6C6F00"
                + End,
            Bytes(batch => batch.Add(Table with { Comment = "hello" }))
        );

    [Fact]
    public void A_rule_with_a_verdict() =>
        Assert.Equal(
            Begin
                + "58000000060A010C000000000000000001000000"
                + "0600010074000000"
                + "0600020063000000"
                + "34000480"
                + "30000180"
                + "0E000100"
                + "696D6D65646961746500"
                + "0000"
                + "1C000280"
                + "0800010000000000"
                + "10000280"
                + "0C000280"
                + "0800010000000001"
                + End,
            Bytes(batch => batch.Add(new Rule(Chain, [new VerdictStatement(Verdict.Accept)])))
        );

    [Fact]
    public void Deletion_by_handle() =>
        Assert.Equal(
            Begin + "30000000080A0100000000000000000001000000" + "0600010074000000" + "0600020063000000" + "0C0003000000000000000007" + End,
            Bytes(batch => batch.Delete(new ListedRule(Chain, 7)))
        );

    [Fact]
    public void An_element_and_the_end_of_its_range() =>
        Assert.Equal(
            Begin
                + "500000000C0A0106000000000000000001000000"
                + "0600010074000000"
                + "0600020070000000"
                + "2C000380"
                + "10000180"
                + "0C000180"
                + "0600010000500000"
                + "18000180"
                + "0C000180"
                + "06000100005B0000"
                + "0800030000000001"
                + End,
            Bytes(batch =>
                batch.Create(
                    Ports with
                    {
                        IsInterval = true,
                    },
                    new SetElement(Field.Join(Field.Port(80))) { KeyEnd = Field.Join(Field.Port(90)) }
                )
            )
        );

    [Fact]
    public void A_list_of_elements_is_divided_where_an_attribute_would_be_too_long()
    {
        var batch = new NftablesBatch();
        batch.Add(Ports, Enumerable.Range(0, 60_000).Select(i => new SetElement(Field.Join(Field.Port((ushort)i)))).ToArray());
        Assert.Equal(60_000, batch.Changes.Sum(c => ((ElementList)c.Subject).Count));
        Assert.InRange(batch.Changes.Count, 10, 30);
    }

    [Fact]
    public void A_nameless_set_comes_before_its_rule_and_is_not_told_of_twice()
    {
        var batch = new NftablesBatch();
        var two = new AnonymousLookup(Selector.Dport, [(Field.Port(1), Field.Port(1)), (Field.Port(3), Field.Port(3))]);
        batch.Add(new Rule(Chain, [two, two, new VerdictStatement(Verdict.Drop)]));
        Assert.Equal("add rule inet t c th dport { 1, 3 } th dport { 1, 3 } drop\n", batch.ToString());
        Assert.Equal(5, batch.Changes.Count);
        Assert.Throws<ArgumentException>(() => new AnonymousLookup(Selector.Dport, []));
        Assert.Throws<ArgumentException>(() => new AnonymousLookup(Selector.MetaMark, [(Field.Mark(1), Field.Mark(2))]));
    }

    [Theory]
    [InlineData("mark")]
    [InlineData("ifname")]
    [InlineData("integer")]
    public void Ranges_of_what_is_in_host_order_are_refused(string type)
    {
        var key = type switch
        {
            "mark" => DataType.Mark,
            "ifname" => DataType.IfName,
            _ => DataType.Number,
        };
        Assert.Throws<ArgumentException>(() => new NftablesBatch().Add(new Set(Table, "s", [key]) { IsInterval = true }));
        new NftablesBatch().Add(new Set(Table, "s", [key]));
    }

    [Fact]
    public void What_is_sent_is_told_in_the_kernels_words()
    {
        var kernel = new ScriptedKernel().Answer(_ => [ScriptedKernel.Ack(2, Errno.None)]);
        using var client = new NftablesClient(new NetlinkSocket(kernel, new NftablesDialect(), kernel.Trace.Add));
        var batch = new NftablesBatch();
        batch.Replace(new ListedRule(Chain, 5), new Rule(Chain, [new VerdictStatement(Verdict.Drop)]));
        client.Commit(batch);
        var trace = string.Join('\n', kernel.Trace);
        foreach (
            var word in new[]
            {
                "NFNL_MSG_BATCH_BEGIN",
                "NFT_MSG_NEWRULE",
                "CREATE|REPLACE",
                "family inet",
                "NFTA_RULE_CHAIN",
                "NFNL_MSG_BATCH_END",
            }
        )
            Assert.Contains(word, trace);
    }

    [Theory]
    [InlineData("00", "01")]
    [InlineData("00FF", "0100")]
    [InlineData("FF", null)]
    [InlineData("FFFF", null)]
    [InlineData("01FFFF", "020000")]
    public void The_key_behind(string key, string? next) =>
        Assert.Equal(next, IntervalEnds.Next(Convert.FromHexString(key)) is { } bytes ? Convert.ToHexString(bytes) : null);

    [Fact]
    public void Answers_name_the_change_they_refuse()
    {
        var kernel = new ScriptedKernel();
        // The batch's start is 1, the table 2, the chain 3, the element 4.
        kernel.Answer(_ =>
            [ScriptedKernel.Ack(3, Errno.EOPNOTSUPP, "no"), ScriptedKernel.Ack(99, Errno.EIO), ScriptedKernel.Ack(4, Errno.EEXIST)]
        );
        using var client = new NftablesClient(kernel.Socket());
        var batch = new NftablesBatch();
        batch.Add(Table);
        batch.Add(Chain);
        batch.Create(Ports, new SetElement(Field.Join(Field.Port(80))));
        var refused = Assert.Throws<NftablesException>(() => client.Commit(batch));
        Assert.Equal("nftables: add chain inet t c: operation not supported (EOPNOTSUPP): no (and 1 more)", refused.Message);
        Assert.Equal(["add chain inet t c", "create element inet t p { 80 }"], refused.Failures.Select(f => f.Change));
    }

    [Fact]
    public void A_batch_that_is_refused_as_a_whole_is_told_whole()
    {
        var kernel = new ScriptedKernel().Answer(_ => [ScriptedKernel.Ack(1, Errno.EPERM)]);
        using var client = new NftablesClient(kernel.Socket());
        var batch = new NftablesBatch();
        batch.Add(Table);
        batch.Add(Chain);
        Assert.Equal("add table inet t; add chain inet t c", Assert.Single(client.TryCommit(batch)).Change);
    }

    [Fact]
    public void Room_for_the_answers_is_made_for_long_batches_only()
    {
        foreach (var (count, made) in new[] { (10, 0), (500, 1) })
        {
            var kernel = new ScriptedKernel().Answer(_ => [ScriptedKernel.Ack((uint)count + 1, Errno.None)]);
            using var client = new NftablesClient(kernel.Socket());
            var batch = new NftablesBatch();
            for (var i = 0; i < count; i++)
                batch.Add(Table);
            client.Commit(batch);
            Assert.Equal(made, kernel.Trace.Count(t => t.StartsWith("room for", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void Elements_of_an_interrupted_listing_are_not_told_twice()
    {
        var kernel = new ScriptedKernel()
            .Answer(s => [Elements(s, NetlinkH.NLM_F_DUMP_INTR, 1, 2), ScriptedKernel.Done(s)])
            .Answer(s => [Elements(s, 0, 1, 2), Elements(s, 0, 2, 3), ScriptedKernel.Done(s)]);
        using var client = new NftablesClient(kernel.Socket());
        Assert.Equal(["1", "2", "3"], client.ListElements(Ports).Select(e => e.Describe(Ports)));
    }

    private static byte[] Elements(uint sequence, ushort flags, params ushort[] ports)
    {
        var batch = new NftablesBatch();
        batch.Add(Ports, ports.Select(p => new SetElement(Field.Join(Field.Port(p)))).ToArray());
        // Without the frame.
        var bytes = batch.End().Written[20..^20].ToArray();
        var header = MemoryMarshal.Read<NlMsgHdr>(bytes);
        (header.nlmsg_seq, header.nlmsg_flags) = (sequence, (ushort)(flags | NetlinkH.NLM_F_MULTI));
        MemoryMarshal.Write(bytes, in header);
        return bytes;
    }

    [Fact]
    public void A_client_that_is_told_nonsense_says_so()
    {
        var kernel = new ScriptedKernel().Answer(s => [ScriptedKernel.Message(0x0a0f, s, 0, static w => w.WriteStruct(0))]);
        using var client = new NftablesClient(kernel.Socket());
        Assert.Throws<NetlinkFormatException>(() => client.GetGeneration());
    }

    [Fact]
    public void Scripts_of_every_kind_of_change()
    {
        var batch = new NftablesBatch();
        var accept = new Rule(Chain, [new VerdictStatement(Verdict.Accept)]) { Comment = "yes" };
        batch.Insert(accept);
        batch.Insert(accept, new ListedRule(Chain, 4));
        batch.Add(accept, new ListedRule(Chain, 5));
        batch.Replace(new ListedRule(Chain, 6), accept);
        batch.Flush(Chain);
        batch.Flush(Ports);
        batch.Delete(Ports);
        batch.Add(
            Set.Map(Table, "m", [DataType.Ipv4Addr], [DataType.Mark]) with
            {
                IsInterval = true,
                Timeout = TimeSpan.FromSeconds(2),
                Comment = "map",
            }
        );
        batch.Add(Ports, new SetElement(Field.Join(Field.Port(1))) { Timeout = TimeSpan.FromMilliseconds(1500), Comment = "c" });
        batch.Delete(Table);
        Assert.Equal(
            """
            insert rule inet t c accept comment "yes"
            insert rule inet t c handle 4 accept comment "yes"
            add rule inet t c handle 5 accept comment "yes"
            replace rule inet t c handle 6 accept comment "yes"
            flush chain inet t c
            flush set inet t p
            delete set inet t p
            add map inet t m { type ipv4_addr : mark; flags interval,timeout; timeout 2000ms; comment "map"; }
            add element inet t p { 1 timeout 1500ms comment "c" }
            delete table inet t

            """,
            batch.ToString()
        );
    }
}
