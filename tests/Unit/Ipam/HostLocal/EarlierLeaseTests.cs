using System.Runtime.Versioning;
using Plugboard.Ipam.HostLocal;
using Plugboard.Protocols.Cni;
using Plugboard.Testing.Ipam;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

/// <summary>ADD for a container and interface that has leases already.</summary>
[SupportedOSPlatform("linux")]
public sealed class EarlierLeaseTests : IDisposable
{
    private const string DualStack = """{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"2001:db8::/64"}]]}""";

    private readonly HashSet<string> inUse = [];
    private readonly IpamNetwork network = new(new HostLocalPlugin());

    public void Dispose() => network.Dispose();

    // By a caller that knows which addresses an earlier attachment uses.
    private CniResult Add(string id, string ifName = "eth0", string args = "") =>
        new HostLocalPlugin(address => inUse.Contains(address.ToString())).Add(network.Request(id, ifName, args));

    private string AddOne(string id, string ifName = "eth0", string args = "") => Add(id, ifName, args).IPs[0].Address.Address.ToString();

    private void AgeAll() =>
        Array.ForEach(Directory.GetFiles(network.Leases), static path => File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddYears(50)));

    [Fact]
    public void A_container_whose_attachment_is_gone_gets_its_own_address_again()
    {
        network.Add("other");
        network.Add("c1");
        Assert.Equal("10.1.2.3", AddOne("c1"));
        Assert.Equal("10.1.2.3", AddOne("c1"));
        Assert.Equal(["10.1.2.2", "10.1.2.3", "last_reserved_ip.0", "lock"], network.Files());
    }

    [Fact]
    public void While_its_attachment_uses_the_address_another_ADD_is_refused_and_the_lease_stays()
    {
        network.Add("c1");
        inUse.Add("10.1.2.2");
        foreach (var args in new[] { "", "IP=10.1.2.2", "IP=10.1.2.9" })
            Assert.Equal(CniErrorCode.AlreadyAdded, IpamNetwork.Fails(() => AddOne("c1", args: args)).Code);
        Assert.Equal(["10.1.2.2", "last_reserved_ip.0", "lock"], network.Files());
        network.Check("c1");
    }

    [Fact]
    public void After_a_boot_a_container_gets_its_own_address_again_also_where_the_caller_knows_nothing()
    {
        network.Add("c1");
        AgeAll();
        Assert.Equal("10.1.2.2", network.AddOne("c1"));
        Assert.True(network.IsIndexed());
    }

    [Fact]
    public void An_address_that_was_given_again_after_a_boot_is_of_this_boot_from_then_on()
    {
        network.Add("c1");
        AgeAll();
        network.AddOne("c1");
        Assert.Equal(CniErrorCode.AlreadyAdded, IpamNetwork.Fails(() => network.AddOne("c1")).Code);
    }

    [Fact]
    public void A_full_range_still_has_the_own_address_of_a_container_that_had_one()
    {
        network.Config = """{"subnet":"10.1.2.0/29"}""";
        for (var i = 0; i < 5; i++)
            network.Add($"c{i}");
        Assert.Equal("10.1.2.4", AddOne("c2"));
        Assert.Equal(CniErrorCode.TryAgainLater, IpamNetwork.Fails(() => AddOne("late")).Code);
    }

    [Fact]
    public void Each_interface_gets_its_own_address_again()
    {
        network.Add("c1");
        network.Add("c1", "eth1");
        Assert.Equal("10.1.2.3", AddOne("c1", "eth1"));
        Assert.Equal("10.1.2.2", AddOne("c1"));
    }

    [Fact]
    public void A_family_whose_lease_is_there_is_given_again_and_the_other_is_new()
    {
        network.Config = DualStack;
        network.Add("other");
        network.Write("2001:db8::9", "c1\r\neth0");
        Assert.Equal(["10.1.2.3/24", "2001:db8::9/64"], Add("c1").IPs.Select(ip => ip.Address.ToString()));
    }

    [Fact]
    public void A_failed_ADD_leaves_the_leases_of_before_and_no_other()
    {
        network.Config = """{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"2001:db8::/64"}],[{"subnet":"10.1.3.0/30"}]]}""";
        network.Write("10.1.3.2", "other\r\neth0");
        network.Write("10.1.2.7", "c1\r\neth0");
        Assert.Equal(CniErrorCode.TryAgainLater, IpamNetwork.Fails(() => AddOne("c1")).Code);
        Assert.Equal(["10.1.2.7", "10.1.3.2", "last_reserved_ip.1", "lock"], network.Files());
    }

    [Fact]
    public void What_an_ADD_has_given_again_is_not_released_when_it_is_undone()
    {
        network.Config = DualStack;
        network.Write("10.1.2.7", "c1\r\neth0");
        var plugin = new HostLocalPlugin(static _ => false);
        plugin.Add(network.Request("c1"));
        Assert.True(network.Has("2001:db8::2"));
        plugin.Undo(network.Request("c1"));
        Assert.Equal(["10.1.2.7", "last_reserved_ip.1", "lock"], network.Files());
        Assert.Equal(["c1"], network.Owners());
        plugin.Undo(network.Request("c1"));
        Assert.True(network.Has("10.1.2.7"));
    }

    [Fact]
    public void Undoing_releases_no_address_that_another_has_got_since()
    {
        var plugin = new HostLocalPlugin();
        plugin.Add(network.Request("c1"));
        network.Write("10.1.2.2", "other\r\neth0");
        plugin.Undo(network.Request("c1"));
        Assert.Equal("other\r\neth0", network.Read("10.1.2.2"));
    }

    [Fact]
    public void A_lease_of_the_old_format_is_given_again_and_then_names_its_interface()
    {
        network.Write("10.1.2.9", "c1\n");
        Assert.Equal("10.1.2.9", AddOne("c1"));
        Assert.Equal("c1\r\neth0", network.Read("10.1.2.9"));
        Assert.True(network.IsIndexed());
        Assert.Equal("10.1.2.2", AddOne("c1", "eth1"));
    }

    [Fact]
    public void A_lease_of_the_old_format_that_another_interface_uses_is_refused()
    {
        network.Write("10.1.2.9", "c1\n");
        inUse.Add("10.1.2.9");
        Assert.Equal(CniErrorCode.AlreadyAdded, IpamNetwork.Fails(() => AddOne("c1")).Code);
        Assert.Equal("c1\n", network.Read("10.1.2.9"));
    }

    [Fact]
    public void An_address_that_no_pod_can_have_any_more_is_not_given_again()
    {
        network.Write("10.1.2.255", "c1\r\neth0");
        Assert.Equal("10.1.2.2", AddOne("c1"));
        network.Del("c1");
        Assert.Equal(["last_reserved_ip.0", "lock"], network.Files());
    }

    [Theory]
    [InlineData(255, true)]
    [InlineData(400, true)]
    [InlineData(4000, true)]
    [InlineData(4096, false)]
    [InlineData(100_000, false)]
    public void A_container_id_of_any_length_has_its_lease_released_or_gets_none(int length, bool fits)
    {
        var id = new string('a', length);
        if (!fits)
        {
            Assert.True(IpamNetwork.Fails(() => network.Add(id)).Message.Length < 200);
            return;
        }

        network.Add("before");
        network.Add(id);
        network.Check(id);
        network.Del(id);
        Assert.Equal(["10.1.2.2", "last_reserved_ip.0", "lock"], network.Files());
    }
}
