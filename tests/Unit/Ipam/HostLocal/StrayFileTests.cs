using System.Text;
using Plugboard.Ipam.HostLocal;
using Plugboard.Testing.Ipam;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

public sealed class StrayFileTests : IDisposable
{
    private readonly IpamNetwork network = new(new HostLocalPlugin());

    public void Dispose() => network.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n\t")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0")]
    [InlineData("c7\0\0\0")]
    public void A_torn_file_is_no_lost_address(string content)
    {
        network.Write("10.1.2.2", content);
        Assert.Equal("10.1.2.2", network.AddOne("c1"));
        Assert.Equal("c1\r\neth0", network.Read("10.1.2.2"));
    }

    [Fact]
    public void A_torn_file_can_be_requested()
    {
        network.Write("10.1.2.9", "");
        Assert.Equal("10.1.2.9", network.AddOne("c1", args: "IP=10.1.2.9"));
    }

    [Fact]
    public void The_last_torn_file_among_many_leases_is_found()
    {
        for (var i = 2; i < 255; i++)
            network.Write($"10.1.2.{i}", i == 200 ? "" : $"c{i}\r\neth0");
        network.Write("last_reserved_ip.0", "10.1.2.220");
        Assert.Equal("10.1.2.200", network.AddOne("late"));
    }

    [Theory]
    [InlineData("kept for the printer")]
    [InlineData("c7\r\n")]
    [InlineData("c7\neth0")]
    [InlineData("c7\r\nan-interface-name-too-long")]
    [InlineData("-c7\r\neth0")]
    public void Any_other_text_keeps_its_address(string content)
    {
        network.Write("10.1.2.2", content);
        Assert.Equal("10.1.2.3", network.AddOne("c1"));
        Assert.Equal(content, network.Read("10.1.2.2"));
    }

    [Fact]
    public void Directories_and_links_keep_their_addresses()
    {
        Directory.CreateDirectory(Path.Combine(network.Leases, "10.1.2.2"));
        File.CreateSymbolicLink(Path.Combine(network.Leases, "10.1.2.3"), "/nonexistent");
        Assert.Equal("10.1.2.4", network.AddOne("c1"));
        network.Gc();
        Assert.Equal(["10.1.2.2", "10.1.2.3", "last_reserved_ip.0", "lock"], network.Files());
    }

    [Fact]
    public void Names_that_are_no_addresses_are_left_alone()
    {
        Directory.CreateDirectory(Path.Combine(network.Leases, "old"));
        network.Write("README", "c1\r\neth0");
        network.Write("010.1.2.2", "c1\r\neth0");
        network.Write("2001:DB8::1", "c1\r\neth0");
        Assert.Equal("10.1.2.2", network.AddOne("c1"));
        network.Gc();
        Assert.Equal(["010.1.2.2", "2001:DB8::1", "README", "last_reserved_ip.0", "lock", "old"], network.Files());
    }

    [Fact]
    public void A_file_of_some_megabytes_is_read_to_its_limit_only()
    {
        network.Write("10.1.2.2", new string('x', 3_000_000));
        Assert.Equal("10.1.2.3", network.AddOne("c1"));
    }

    [Theory]
    [InlineData("c1\r\neth0", "c1", "eth0")]
    [InlineData("  c1\r\neth0\n", "c1", "eth0")]
    [InlineData("c1", "c1", "")]
    [InlineData("c1\r\n", "c1", "")]
    [InlineData("A_b.c-9\r\na@b", "A_b.c-9", "a@b")]
    public void A_lease_is_read_without_the_blanks_around_it(string content, string id, string ifName) =>
        Assert.Equal(new LeaseContent(LeaseState.Leased, LeaseOwners.Of(id, ifName)), LeaseContent.Parse(Encoding.UTF8.GetBytes(content)));
}
