using System.Diagnostics;
using Plugboard.Firewall.Nftables;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Nftables;

/// <summary>Who touched which table, as nft and our own client do.</summary>
public sealed class NftablesMonitorTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);
    private static readonly Table Ours = new(NftFamily.Inet, "ours");

    private readonly TestNamespace ns = new();
    private readonly NftablesClient client;
    private readonly NftablesMonitor monitor;

    public NftablesMonitorTests()
    {
        client = NftablesClient.Open(ns.Namespace);
        monitor = NftablesMonitor.Open(ns.Namespace);
    }

    public void Dispose()
    {
        monitor.Dispose();
        client.Dispose();
        ns.Dispose();
    }

    private void Nft(string commands)
    {
        var (exitCode, _, error) = ns.TryTool(["nft", "-f", "-"], commands);
        Assert.True(exitCode == 0, error);
    }

    private NftablesTransaction Next()
    {
        var notifications = monitor.Receive(Long);
        Assert.False(notifications.Lost);
        return Assert.Single(notifications.Items);
    }

    private void AddOurs()
    {
        var batch = new NftablesBatch();
        batch.Add(Ours);
        batch.Add(new Chain(Ours, "c"));
        client.Commit(batch);
    }

    [KernelFact]
    public void Own_transactions_are_told_by_the_clients_number()
    {
        AddOurs();
        var told = Next();
        Assert.Equal((client.PortId, client.GetGeneration()), (told.PortId, told.Generation));
        Assert.Equal([Ours], told.Tables);
    }

    [KernelFact]
    public void Each_kind_of_object_names_its_table_and_the_tool_is_named()
    {
        Nft(
            "add table ip a; add table ip6 b; add table bridge c; add chain ip a x; add set ip6 b s { type ipv6_addr; }; add counter "
                + "bridge c n"
        );
        var told = Next();
        Assert.Equal("nft", told.ProcessName);
        Assert.True(told.ThreadId > 0);
        Assert.NotEqual(client.PortId, told.PortId);
        Assert.Equal(["bridge c", "ip a", "ip6 b"], told.Tables.Select(t => t.ToString()).Order(StringComparer.Ordinal));

        Nft("add rule ip a x accept");
        Assert.Equal(["ip a"], Next().Tables.Select(t => t.ToString()));
        Nft("add element ip6 b s { fd00::1 }");
        Assert.Equal(["ip6 b"], Next().Tables.Select(t => t.ToString()));
        Nft("delete element ip6 b s { fd00::1 }");
        Assert.Equal(["ip6 b"], Next().Tables.Select(t => t.ToString()));
        Nft("flush chain ip a x");
        Assert.Equal(["ip a"], Next().Tables.Select(t => t.ToString()));
    }

    [KernelFact]
    public void A_table_that_somebody_flushed_or_removed_is_told()
    {
        AddOurs();
        Assert.Equal([Ours], Next().Tables);
        Nft("add rule inet ours c accept");
        Next();
        Nft("flush table inet ours");
        Assert.Equal([Ours], Next().Tables);
        Nft("flush ruleset");
        var told = Next();
        Assert.Equal([Ours], told.Tables);
        Assert.NotEqual(client.PortId, told.PortId);
        Assert.False(client.Has(Ours));
    }

    [KernelFact]
    public void What_was_taken_away_is_told_and_what_came_is_not()
    {
        Nft(
            "add table ip a; add chain ip a x; add rule ip a x accept; add set ip a s { type ipv4_addr; flags timeout; }; add "
                + "element ip a s { 10.0.0.1 comment \"one\", 10.0.0.2, 10.0.0.3 timeout 1m }"
        );
        Assert.Empty(Next().Removals);
        var a = new Table(NftFamily.IPv4, "a");

        Nft("delete element ip a s { 10.0.0.1 }; flush chain ip a x; delete chain ip a x; add table ip b");
        Assert.Equal([new(a, "", "one"), new(a, "x", "")], Next().Removals);
        Nft("flush set ip a s");
        Assert.Equal([new(a, "", "")], Next().Removals);
        Nft("flush ruleset");
        Assert.Equal(
            ["ip a", "ip b"],
            Next().Removals.Select(static removal => removal.Table.ToString()).Distinct().Order(StringComparer.Ordinal)
        );
    }

    [KernelFact]
    public void Iptables_on_nftables_is_heard_and_named()
    {
        ns.Tool("iptables-nft -t nat -A POSTROUTING -j MASQUERADE");
        var told = Next();
        Assert.Contains(new Table(NftFamily.IPv4, "nat"), told.Tables);
        Assert.StartsWith("iptables", told.ProcessName, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_refused_batch_is_not_told()
    {
        Assert.NotEqual(0, ns.TryTool(["nft", "-f", "-"], "add table ip a; add chain ip none x").ExitCode);
        Assert.Empty(monitor.Receive(TimeSpan.FromMilliseconds(50)).Items);
    }

    [KernelFact]
    public void Ten_thousand_elements_are_one_transaction()
    {
        Nft(
            "add table ip a; add set ip a s { type ipv4_addr; }; add element ip a s { "
                + $"{string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"10.0.{i >> 8}.{i & 255}"))} }}"
        );
        var clock = Stopwatch.StartNew();
        Assert.Equal(["ip a"], Next().Tables.Select(t => t.ToString()));
        Assert.True(clock.Elapsed < Long);
    }

    [KernelFact]
    public void Lost_changes_are_told_and_what_comes_later_is_heard()
    {
        using var small = NftablesMonitor.Open(ns.Namespace, room: 1);
        for (var i = 0; i < 20; i++)
            Nft($"add table ip t{i}");
        Assert.True(small.Receive(Long).Lost);
        Nft("add table ip last");
        Assert.Equal(["ip last"], Assert.Single(small.Receive(Long).Items).Tables.Select(t => t.ToString()));
    }
}
