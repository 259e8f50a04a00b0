using Plugboard.Addresses;
using Plugboard.Linux.Names;

namespace Plugboard.Tests.Unit.Linux.Names;

public sealed class HostNamesTests
{
    [Fact]
    public void Hosts_are_found_by_any_of_their_names_in_both_families()
    {
        const string Hosts =
            "127.0.0.1 localhost\n# 10.0.0.9 nas\n10.0.0.5\tnas.example.org nas # the disks\r\nfd00::5 nas6\nfd00::6 NAS\n";
        Assert.Equal([IPAddr.Parse("10.0.0.5"), IPAddr.Parse("fd00::6")], HostsFile.FindAll(Hosts, "NAS"));
        Assert.Equal([IPAddr.Parse("10.0.0.5")], HostsFile.FindAll(Hosts, "nas.example.org."));
        Assert.Equal([IPAddr.Parse("fd00::5")], HostsFile.FindAll(Hosts, "nas6"));
        Assert.Empty(HostsFile.FindAll(Hosts, "disks"));
    }

    [Fact]
    public void Name_servers_the_search_list_and_options_are_read()
    {
        var config = ResolverConfig.Parse(
            "nameserver 10.0.0.1\nnameserver bogus\nsearch a.org b.org\n; nameserver 9.9.9.9\nnameserver fd00::1 # x\noptions "
                + "ndots:3 timeout:1 attempts:9 rotate use-vc single-request no-aaaa ndots:x edns0\n"
        );
        Assert.Equal(["10.0.0.1", "fd00::1"], config.Servers.Select(static server => server.ToString()));
        Assert.Equal(["a.org", "b.org"], config.Search);
        Assert.Equal((3, TimeSpan.FromSeconds(1), 5), (config.Dots, config.Timeout, config.Attempts));
        Assert.True(config is { Rotates: true, UsesTcp: true, OneAtATime: true, OnlyIPv4: true });
    }

    [Fact]
    public void A_link_local_name_server_is_on_the_link_that_its_address_names()
    {
        var config = ResolverConfig.Parse("nameserver fe80::1%lo\nnameserver fe80::2%7\nnameserver fe80::3%nosuchlink\n");
        Assert.Equal(["fe80::1%1", "fe80::2%7"], config.Servers.Select(static server => server.ToString()));
    }

    [Fact]
    public void Without_a_name_server_this_machine_is_asked() =>
        Assert.Equal(["127.0.0.1"], ResolverConfig.Parse("# none\n").Servers.Select(static server => server.ToString()));

    [Theory]
    [InlineData("etcd", 1, "etcd.a.org etcd.b.org etcd")]
    [InlineData("etcd.prod", 1, "etcd.prod etcd.prod.a.org etcd.prod.b.org")]
    [InlineData("etcd.prod", 5, "etcd.prod.a.org etcd.prod.b.org etcd.prod")]
    [InlineData("etcd.prod.", 5, "etcd.prod")]
    [InlineData("etcd", 0, "etcd etcd.a.org etcd.b.org")]
    public void The_search_list_comes_first_for_names_with_few_dots(string name, int dots, string asked) =>
        Assert.Equal(asked, string.Join(' ', new ResolverConfig { Search = ["a.org", "b.org."], Dots = dots }.Candidates(name)));

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("[fd00::1]", "fd00::1")]
    [InlineData("fd00::1", "fd00::1")]
    public void An_address_is_its_own_name(string name, string address) =>
        Assert.Equal([IPAddr.Parse(address)], HostNames.Resolve(name).Addresses);

    [Fact]
    public void Localhost_is_not_looked_up() =>
        Assert.All(HostNames.Resolve("localhost").Addresses, static address => Assert.True(address.IsLoopback));
}
