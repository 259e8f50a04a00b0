using Plugboard.Ipam.HostLocal;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

public sealed class ResolvConfTests
{
    [Fact]
    public void Search_and_options_add_up_and_the_last_domain_wins()
    {
        var dns = ResolvConf.Parse(
            """
            # comment
              ; another
            nameserver 192.0.2.1
            nameserver   not-an-address # kept out by its place
            nameserver
            domain one.example
            domain two.example
            search a.example b.example
            search c.example
            options ndots:5
            options edns0 trust-ad
            sortlist 192.0.2.0
            """
        );
        Assert.Equal(["192.0.2.1", "not-an-address"], dns.Nameservers);
        Assert.Equal("two.example", dns.Domain);
        Assert.Equal(["a.example", "b.example", "c.example"], dns.Search);
        Assert.Equal(["ndots:5", "edns0", "trust-ad"], dns.Options);
    }

    [Fact]
    public void Nothing_gives_nothing() => Assert.True(ResolvConf.Parse("\r\n\n").IsEmpty);

    [Fact]
    public void A_line_of_64_KiB_is_refused() => Assert.Throws<CniException>(() => ResolvConf.Parse("search " + new string('x', 65536)));
}
