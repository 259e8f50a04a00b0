using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Linux;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Nftables;

/// <summary>What is refused is named in nft's words, and nothing of its batch is done.</summary>
public sealed class NftFailureTests : IDisposable
{
    private static readonly Table Table = new(NftFamily.Inet, "t");
    private static readonly Set Set = new(Table, "s", [DataType.InetService]) { Comment = "ports" };
    private static readonly Chain Chain = new(Table, "c");

    private readonly TestNamespace ns = new();
    private readonly NftablesClient client;

    public NftFailureTests()
    {
        client = NftablesClient.Open(ns.Namespace);
        Commit(batch =>
        {
            batch.Add(Table);
            batch.Add(Set);
            batch.Add(Chain);
            batch.Add(Set, Port(1) with { Comment = "the first" }, Port(2));
        });
    }

    private static SetElement Port(int port) => new(Field.Join(Field.Port((ushort)port)));

    private void Commit(Action<NftablesBatch> write) => client.Commit(Written(write));

    private static NftablesBatch Written(Action<NftablesBatch> write)
    {
        var batch = new NftablesBatch();
        write(batch);
        return batch;
    }

    private NftablesException Refused(Action<NftablesBatch> write)
    {
        var before = ns.Tool("nft list ruleset");
        var refused = Assert.Throws<NftablesException>(() => Commit(write));
        Assert.Equal(before, ns.Tool("nft list ruleset"));
        return refused;
    }

    [KernelFact]
    public void An_element_that_is_there_refuses_all_of_its_batch()
    {
        var refused = Refused(batch =>
        {
            for (var port = 100; port < 200; port++)
                batch.Create(Set, Port(port));
            batch.Create(Set, Port(2) with { Comment = "mine" });
            batch.Create(Set, Port(300));
        });
        var failure = Assert.Single(refused.Failures);
        Assert.Equal("create element inet t s { 2 comment \"mine\" }", failure.Change);
        Assert.Equal(Errno.EEXIST, failure.Error.Errno);
        Assert.Equal(Set, failure.Elements!.Value.Set);
        Assert.True(failure.Elements.Value.Elements[0].HasKeyOf(Port(2)));
        Assert.Equal("nftables: create element inet t s { 2 comment \"mine\" }: file exists (EEXIST)", refused.Message);
        Assert.Equal(Errno.EEXIST, refused.Errno);
    }

    [KernelFact]
    public void Every_refusal_of_a_batch_is_told()
    {
        var failures = client.TryCommit(
            Written(batch =>
            {
                batch.Create(Set, Port(1));
                batch.Create(Set, Port(50));
                batch.Create(Set, Port(2));
                batch.Delete(Set, Port(3));
            })
        );
        Assert.Equal(
            ["create element inet t s { 1 }: EEXIST", "create element inet t s { 2 }: EEXIST", "delete element inet t s { 3 }: ENOENT"],
            failures.Select(f => $"{f.Change}: {f.Error.Errno}")
        );
        Assert.Equal(2, client.ListElements(Set).Count);
        Assert.Empty(client.TryCommit(new NftablesBatch()));
    }

    [KernelFact]
    public void What_is_not_there_is_named()
    {
        Assert.Contains(
            "add rule inet t c jump nowhere: no such file or directory (ENOENT)",
            Refused(batch => batch.Add(new Rule(Chain, [new VerdictStatement(Verdict.Jump("nowhere"))]))).Message
        );
        Assert.Contains("delete table ip none: ", Refused(batch => batch.Delete(new Table(NftFamily.IPv4, "none"))).Message);
        Assert.Contains("delete chain inet t none: ", Refused(batch => batch.Delete(new Chain(Table, "none"))).Message);
        Assert.Contains("delete set inet t none: ", Refused(batch => batch.Delete(Set with { Name = "none" })).Message);
        Assert.Contains("delete rule inet t c handle 999: ", Refused(batch => batch.Delete(new ListedRule(Chain, 999))).Message);
        Assert.Contains(
            "replace rule inet t c handle 999 drop: ",
            Refused(batch => batch.Replace(new ListedRule(Chain, 999), new Rule(Chain, [new VerdictStatement(Verdict.Drop)]))).Message
        );
        Assert.Contains("add element inet t none { 1 }: ", Refused(batch => batch.Add(Set with { Name = "none" }, Port(1))).Message);
        Assert.Contains(
            "th dport @none",
            Refused(batch => batch.Add(new Rule(Chain, [new Lookup(Set with { Name = "none" }, Selector.Dport)]))).Message
        );
    }

    [KernelFact]
    public void A_refused_rule_with_a_set_of_its_own_is_told_in_its_words()
    {
        var own = new AnonymousLookup(
            Selector.PortOf("tcp", 6, isSource: false),
            [(Field.Port(1), Field.Port(9)), (Field.Port(22), Field.Port(22))]
        );
        var none = new Chain(new Table(NftFamily.Inet, "none"), "c");
        var failures = client.TryCommit(Written(batch => batch.Add(new Rule(none, [own, new VerdictStatement(Verdict.Drop)]))));
        Assert.NotEmpty(failures);
        Assert.All(failures, f => Assert.Equal("add rule inet none c tcp dport { 1-9, 22 } drop", f.Change));
        var refused = Refused(batch => batch.Add(new Rule(Chain, [own, new VerdictStatement(Verdict.Jump("nowhere"))])));
        Assert.Equal("add rule inet t c tcp dport { 1-9, 22 } jump nowhere", Assert.Single(refused.Failures).Change);
    }

    [KernelFact]
    public void What_is_used_stays()
    {
        Commit(batch =>
        {
            batch.Add(new Chain(Table, "used"));
            batch.Add(new Rule(Chain, [new Lookup(Set, Selector.Dport), new VerdictStatement(Verdict.Jump("used"))]));
        });
        Assert.Equal(Errno.EBUSY, Refused(batch => batch.Delete(new Chain(Table, "used"))).Errno);
        Assert.Equal(Errno.EBUSY, Refused(batch => batch.Delete(Set)).Errno);
        Assert.Equal(Errno.EEXIST, Refused(batch => batch.Add(Set with { Key = [DataType.Mark] })).Errno);
    }

    [KernelFact]
    public void A_batch_for_another_generation_is_refused()
    {
        var generation = client.GetGeneration();
        var first = new NftablesBatch(generation);
        first.Add(Set, Port(10));
        client.Commit(first);
        Assert.NotEqual(generation, client.GetGeneration());
        var second = new NftablesBatch(generation);
        second.Add(Set, Port(11));
        var failure = Assert.Single(client.TryCommit(second));
        Assert.Equal(Errno.ERESTART, failure.Error.Errno);
        Assert.Equal("add element inet t s { 11 }", failure.Change);
        Assert.Equal(3, client.ListElements(Set).Count);
        Commit(batch => batch.Add(Set, Port(12)));
    }

    [KernelFact]
    public void Ten_thousand_elements_in_one_commit()
    {
        var pairs = new Set(Table, "pairs", [DataType.Ipv6Addr, DataType.Ipv6Addr]) { IsInterval = true };
        var elements = new SetElement[10_000];
        for (var i = 0; i < elements.Length; i++)
        {
            var address = Field.Of(IPAddr.Parse($"2001:db8::{i:x}"));
            elements[i] = new SetElement(Field.Join(address, address))
            {
                KeyEnd = Field.Join(address, address),
                Comment = new string('x', 100),
            };
        }

        Commit(batch =>
        {
            batch.Add(pairs);
            batch.Add(pairs, elements);
        });
        Assert.Equal(elements.Length, client.ListElements(pairs).Count);
        Commit(batch => batch.Delete(pairs, elements));
        Assert.Empty(client.ListElements(pairs));
    }

    [KernelFact]
    public void Ten_thousand_refusals_are_all_told()
    {
        var failures = client.TryCommit(
            Written(batch =>
            {
                for (var i = 0; i < 10_000; i++)
                    batch.Create(Set, Port(1 + i % 2));
            })
        );
        Assert.Equal(10_000, failures.Count);
        Assert.All(failures, f => Assert.Equal(Errno.EEXIST, f.Error.Errno));
        Commit(batch => batch.Create(Set, Port(9)));
    }

    public void Dispose()
    {
        client.Dispose();
        ns.Dispose();
    }
}
