using FsCheck;
using FsCheck.Fluent;
using Plugboard.Addresses;
using Plugboard.Linux.Names;

namespace Plugboard.Tests.Unit.Linux.Names;

public sealed class HostNamesTests
{
    [Fact]
    public void Hosts_are_found_by_any_of_their_names()
    {
        const string Hosts = "127.0.0.1 localhost\n# 10.0.0.9 nas\n10.0.0.5\tnas.example.org nas # the disks\nfd00::5 nas6\n";
        Assert.Equal(IPAddr.Parse("10.0.0.5"), HostNames.FindInHosts(Hosts, "NAS"));
        Assert.Equal(IPAddr.Parse("fd00::5"), HostNames.FindInHosts(Hosts, "nas6"));
        Assert.Null(HostNames.FindInHosts(Hosts, "disks"));
    }

    [Fact]
    public void Name_servers_and_the_search_list_are_read()
    {
        var (servers, search) = HostNames.ParseResolvConf("nameserver 10.0.0.1\nnameserver bogus\nsearch a.org b.org\n; nameserver 9.9.9.9\nnameserver fd00::1 # x\n");
        Assert.Equal([IPAddr.Parse("10.0.0.1"), IPAddr.Parse("fd00::1")], servers);
        Assert.Equal(["a.org", "b.org"], search);
    }

    [Fact]
    public void A_question_is_as_RFC_1035_has_it() => Assert.Equal(
        [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, (byte)'a', 2, (byte)'b', (byte)'c', 0, 0, 28, 0, 1], DnsMessage.Ask(0x1234, "a.bc", is6: true));

    [Theory]
    [InlineData("a..b")]
    [InlineData("ä.org")]
    [InlineData("")]
    public void What_is_no_name_is_not_asked(string name) => Assert.Null(DnsMessage.Ask(1, name, is6: false));

    [Fact]
    public void An_address_is_found_behind_a_CNAME()
    {
        byte[] answer =
        [
            .. DnsMessage.Ask(7, "a.org", is6: false)!,
            0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 4, 1, (byte)'b', 0xc0, 14,
            1, (byte)'b', 0xc0, 14, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 5,
        ];
        (answer[2], answer[7]) = (0x81, 2);
        Assert.Equal(IPAddr.Parse("10.0.0.5"), DnsMessage.FindAddress(answer, 7, is6: false));
        Assert.Null(DnsMessage.FindAddress(answer, 8, is6: false));
        Assert.Null(DnsMessage.FindAddress(answer, 7, is6: true));
        for (var length = 0; length < answer.Length; length++)
            Assert.Null(DnsMessage.FindAddress(answer.AsSpan(0, length), 7, is6: false));
    }

    [Fact]
    public void No_bytes_make_it_fail() => Prop.ForAll<byte[]>(static bytes =>
    {
        byte[] message = [0, 0, 0x80, 0, 0, 3, 0, 9, .. bytes];
        _ = DnsMessage.FindAddress(message, 0, is6: false);
        return true;
    }).QuickCheckThrowOnFailure();
}
