using System.Runtime.Versioning;
using Plugboard.Ipam.HostLocal;
using Plugboard.Protocols.Cni;
using Plugboard.Testing.Ipam;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

[SupportedOSPlatform("linux")]
public sealed class HostLocalAddTests : IDisposable
{
    private readonly IpamNetwork network = new(new HostLocalPlugin());

    public void Dispose() => network.Dispose();

    [Fact]
    public void The_result_has_the_ranges_prefix_length_and_gateway()
    {
        var ip = Assert.Single(network.Add("c1").IPs);
        Assert.Equal("10.1.2.2/24", ip.Address.ToString());
        Assert.Equal("10.1.2.1", ip.Gateway.ToString());
        Assert.Null(ip.Interface);
    }

    [Fact]
    public void The_files_are_the_references_to_the_byte()
    {
        network.Add("dummy");
        Assert.Equal(Convert.FromHexString("64756d6d790d0a65746830"), File.ReadAllBytes(Path.Combine(network.Leases, "10.1.2.2")));
        Assert.Equal("10.1.2.2", network.Read("last_reserved_ip.0"));
        Assert.Equal("", network.Read("lock"));
        Assert.Equal(["10.1.2.2", "last_reserved_ip.0", "lock"], network.Files());
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(network.Leases, "10.1.2.2")));
        Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(network.Leases, "last_reserved_ip.0")));
    }

    [Theory]
    [InlineData("10.0.0.0/29", null, "", "10.0.0.2")]
    [InlineData("10.0.0.0/29", "10.0.0.5", "", "10.0.0.6")]
    [InlineData("10.0.0.0/29", "10.0.0.5", "10.0.0.5 10.0.0.6", "10.0.0.2")]
    [InlineData("10.0.0.0/29", "10.0.0.128", "10.0.0.2", "10.0.0.3")]
    [InlineData("10.0.0.0/29", "10.0.0.5", "10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.6", "10.0.0.5")]
    [InlineData("10.0.0.0/29", "10.0.0.6", "", "10.0.0.2")]
    [InlineData("10.0.0.0/29", "garbage", "", "10.0.0.2")]
    [InlineData("10.0.0.0/30 10.0.1.0/30", "10.0.0.2", "", "10.0.1.2")]
    [InlineData("10.0.0.0/30 10.0.1.0/30", "10.0.1.2", "", "10.0.0.2")]
    [InlineData("2001:db8:1::/64", null, "", "2001:db8:1::2")]
    public void The_next_address_is_the_references(string subnets, string? last, string taken, string expected)
    {
        network.Config = $$"""{"ranges":[[{{string.Join(',', subnets.Split(' ').Select(subnet => $$"""{"subnet":"{{subnet}}"}"""))}}]]}""";
        if (last is not null)
            network.Write("last_reserved_ip.0", last);
        foreach (var address in taken.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            network.Write(address, "other\r\neth0");
        Assert.Equal(expected, network.AddOne("c1"));
    }

    [Fact]
    public void After_a_release_the_next_ADD_gets_the_next_address()
    {
        Assert.Equal("10.1.2.2", network.AddOne("c1"));
        network.Del("c1");
        Assert.Equal("10.1.2.3", network.AddOne("c1"));
    }

    [Fact]
    public void Each_range_set_gives_an_address_in_order()
    {
        network.Config = """{"subnet":"10.1.2.0/24","ranges":[[{"subnet":"2001:db8::/64"}]]}""";
        var result = network.Add("c1", more: ""","runtimeConfig":{"ipRanges":[[{"subnet":"10.9.0.0/16","gateway":"10.9.255.254"}]]}""");
        Assert.Equal(["10.9.0.1/16", "10.1.2.2/24", "2001:db8::2/64"], result.IPs.Select(ip => ip.Address.ToString()));
        Assert.Equal("10.9.255.254", result.IPs[0].Gateway.ToString());
        Assert.Equal("2001:db8::2", network.Read("last_reserved_ip.2"));
    }

    [Fact]
    public void A_second_address_for_the_same_interface_is_refused()
    {
        network.Add("c1");
        var error = IpamNetwork.Fails(() => network.Add("c1"));
        Assert.Equal(
            "failed to allocate for range 0: 10.1.2.2 has been allocated to c1, duplicate allocation is not allowed",
            error.Message
        );
        Assert.Equal(101, (int)error.Code);
        Assert.Equal("10.1.2.3", network.AddOne("c1", "eth1"));
    }

    [Fact]
    public void A_lease_of_the_old_format_is_the_containers_too()
    {
        network.Write("10.1.2.9", "c1\n");
        Assert.Contains("10.1.2.9 has been allocated to c1", IpamNetwork.Fails(() => network.Add("c1")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Routes_and_resolvConf_are_in_the_result()
    {
        var path = Path.Combine(network.DataDir, "resolv.conf");
        File.WriteAllText(path, "nameserver 192.0.2.3\n");
        network.Config =
            $$$"""{"subnet":"10.1.2.0/24","resolvConf":"{{{path}}}","routes":[{"dst":"0.0.0.0/0"},"""
            + $$$"""{"dst":"192.168.0.0/16","gw":"10.1.2.7","mtu":1400,"table":7}]}""";
        var result = network.Add("c1");
        Assert.Equal(["192.0.2.3"], result.Dns.Nameservers);
        Assert.Equal(["0.0.0.0/0", "192.168.0.0/16"], result.Routes.Select(route => route.Dst.ToString()));
        Assert.Equal(("10.1.2.7", 1400, 7), (result.Routes[1].Gw.ToString(), result.Routes[1].Mtu, result.Routes[1].Table));
    }

    [Fact]
    public void A_full_range_says_who_fills_it()
    {
        network.Config = """{"ranges":[[{"subnet":"10.1.2.0/29"},{"subnet":"10.1.3.0/30"}]]}""";
        for (var i = 0; i < 6; i++)
            network.Add($"c{i}");
        File.SetLastWriteTimeUtc(Path.Combine(network.Leases, "10.1.2.4"), DateTime.UnixEpoch);
        var error = IpamNetwork.Fails(() => network.Add("late"));
        Assert.Equal(
            "failed to allocate for range 0: no IP addresses available in range set: 10.1.2.1-10.1.2.6,10.1.3.1-10.1.3.2",
            error.Message
        );
        Assert.Equal(CniErrorCode.TryAgainLater, error.Code);
        Assert.StartsWith(
            $"of 6 addresses 6 are leased in {network.Leases}; 1 of them are older than the last boot (10.1.2.4)",
            error.Details,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_failure_releases_exactly_what_this_ADD_took()
    {
        network.Config = """{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"10.1.3.0/30"}]]}""";
        network.Write("10.1.3.2", "other\r\neth0");
        network.Write("10.7.0.1", "c1\r\neth0");
        Assert.StartsWith(
            "failed to allocate for range 1: no IP",
            IpamNetwork.Fails(() => network.Add("c1")).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(["10.1.3.2", "10.7.0.1", "last_reserved_ip.0", "lock"], network.Files());
        Assert.True(network.IsIndexed());
    }

    [Fact]
    public void A_failure_leaves_the_first_sets_older_lease()
    {
        network.Config = """{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"10.1.3.0/30"}]]}""";
        network.Write("10.1.3.2", "other\r\neth0");
        network.Write("10.1.2.50", "c1\r\neth0");
        IpamNetwork.Fails(() => network.Add("c1", args: "IP=10.1.2.50"));
        Assert.True(network.Has("10.1.2.50"));
    }
}
