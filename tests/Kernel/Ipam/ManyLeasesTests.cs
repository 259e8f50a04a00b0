using Plugboard.Ipam.HostLocal;
using Plugboard.Testing;
using Plugboard.Testing.Ipam;
using Xunit.Abstractions;

namespace Plugboard.Tests.Kernel.Ipam;

/// <summary>A /16 with sixty thousand leases: nothing on a verb's path grows with them.</summary>
public sealed class ManyLeasesTests(ManyLeasesTests.Fixture leases, ITestOutputHelper output) : IClassFixture<ManyLeasesTests.Fixture>
{
    private const int Leases = 60_000;
    private const string Config = """{"ranges":[[{"subnet":"10.7.0.0/16"}]]}""";

    private readonly IpamNetwork full = leases.Full;

    /// <summary>The directory that all tests use, in any order: each leaves it indexed, with a few leases more.</summary>
    public sealed class Fixture : IDisposable
    {
        public Fixture()
        {
            Directory.CreateDirectory(Full.Leases);
            for (var i = 0; i < Leases; i++)
                File.WriteAllText(Path.Combine(Full.Leases, $"10.7.{(i + 2) >> 8}.{(i + 2) & 255}"), $"c{i}\r\neth0");
            Full.Write("last_reserved_ip.0", $"10.7.{(Leases + 1) >> 8}.{(Leases + 1) & 255}");
            FirstAdd = Timing.ProcessorTime(() => Full.Add("first"));
        }

        /// <summary>What the first ADD took, which scans and writes the index.</summary>
        public TimeSpan FirstAdd { get; }

        public IpamNetwork Full { get; } = new(new HostLocalPlugin()) { Config = Config };

        public void Dispose() => Full.Dispose();
    }

    [Fact]
    public void Sixty_thousand_leases_do_not_slow_an_ADD()
    {
        using var empty = new IpamNetwork(new HostLocalPlugin()) { Config = Config };
        output.WriteLine($"first ADD, which scans and writes the index: {leases.FirstAdd.TotalMilliseconds} ms");
        Assert.True(full.IsIndexed());
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
        output.WriteLine($"the reference's ADD: {ReferencePlugin.AddOne(full.Request("theirs"))}");
        output.WriteLine($"our ADD after it, which scans and mends the index: {Milliseconds(() => full.Add("ours"))} ms");
        output.WriteLine($"our next ADD: {Milliseconds(() => full.Add("ours2"))} ms");
        Assert.True(full.IsIndexed());
        Assert.Contains("theirs", full.Owners());
    }

    // Of the processor alone: other tests run beside it.
    private static double Milliseconds(Action work) => Timing.ProcessorTime(work).TotalMilliseconds;

    private static (double Add, double Del) Median(Action<int> add, Action<int> del)
    {
        var adds = Enumerable.Range(0, 101).Select(i => Milliseconds(() => add(i))).Order().ToList();
        var dels = Enumerable.Range(0, 101).Select(i => Milliseconds(() => del(i))).Order().ToList();
        return (adds[50], dels[50]);
    }
}
