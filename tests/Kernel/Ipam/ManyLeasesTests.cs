using System.Diagnostics;
using Plugboard.Ipam.HostLocal;
using Plugboard.Testing.Ipam;
using Xunit.Abstractions;

namespace Plugboard.Tests.Kernel.Ipam;

/// <summary>A /16 with sixty thousand leases: nothing on a verb's path grows with them.</summary>
public sealed class ManyLeasesTests(ITestOutputHelper output)
{
    private const int Leases = 60_000;
    private const string Config = """{"ranges":[[{"subnet":"10.7.0.0/16"}]]}""";

    [Fact]
    public void Sixty_thousand_leases_do_not_slow_an_ADD()
    {
        using var empty = new IpamNetwork(new HostLocalPlugin()) { Config = Config };
        using var full = Filled();
        Complete(full, output);
        empty.Add("first");
        var alone = Median(i => empty.Add($"a{i}"), i => empty.Del($"a{i}"));
        var among = Median(i => full.Add($"a{i}"), i => full.Del($"a{i}"));
        output.WriteLine($"ADD: {alone.Add:0.000} ms without leases, {among.Add:0.000} ms with {Leases}");
        output.WriteLine($"DEL: {alone.Del:0.000} ms without leases, {among.Del:0.000} ms with {Leases}");
        Assert.InRange(among.Add, 0, (3 * alone.Add) + 1);
        Assert.InRange(among.Del, 0, (3 * alone.Del) + 1);
    }

    [Fact]
    public void A_turn_past_sixty_thousand_used_addresses_finds_the_free_one()
    {
        using var full = Filled();
        Complete(full, output);
        full.Write("last_reserved_ip.0", "10.7.0.1");
        var address = "";
        var time = Milliseconds(() => address = full.AddOne("late"));
        output.WriteLine($"ADD past all used addresses: {time} ms, {address}");
        Assert.InRange(time, 0, 2000);
        Assert.Equal("c1\r\neth0", full.Read("10.7.0.3"));
        full.Write("last_reserved_ip.0", "10.7.255.254");
        Assert.NotEqual(address, full.AddOne("wrapped"));
    }

    [ReferenceFact]
    public void The_reference_reads_every_lease_and_ends_the_index()
    {
        using var full = Filled();
        Complete(full, output);
        output.WriteLine($"the reference's ADD: {Milliseconds(() => ReferencePlugin.AddOne(full.Request("theirs")))} ms");
        output.WriteLine($"our ADD after it, which scans and mends the index: {Milliseconds(() => full.Add("ours"))} ms");
        output.WriteLine($"our next ADD: {Milliseconds(() => full.Add("ours2"))} ms");
        Assert.True(full.IsIndexed());
        Assert.Contains("theirs", full.Owners());
    }

    private static void Complete(IpamNetwork network, ITestOutputHelper output)
    {
        output.WriteLine($"first ADD, which scans and writes the index: {Milliseconds(() => network.Add("first"))} ms");
        Assert.True(network.IsIndexed());
    }

    private static IpamNetwork Filled()
    {
        var network = new IpamNetwork(new HostLocalPlugin()) { Config = Config };
        Directory.CreateDirectory(network.Leases);
        for (var i = 0; i < Leases; i++)
            File.WriteAllText(Path.Combine(network.Leases, $"10.7.{(i + 2) >> 8}.{(i + 2) & 255}"), $"c{i}\r\neth0");
        network.Write("last_reserved_ip.0", $"10.7.{(Leases + 1) >> 8}.{(Leases + 1) & 255}");
        return network;
    }

    private static double Milliseconds(Action work)
    {
        var clock = Stopwatch.StartNew();
        work();
        return clock.Elapsed.TotalMilliseconds;
    }

    private static (double Add, double Del) Median(Action<int> add, Action<int> del)
    {
        var adds = Enumerable.Range(0, 101).Select(i => Milliseconds(() => add(i))).Order().ToList();
        var dels = Enumerable.Range(0, 101).Select(i => Milliseconds(() => del(i))).Order().ToList();
        return (adds[50], dels[50]);
    }
}
