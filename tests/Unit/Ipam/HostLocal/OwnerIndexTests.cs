using Plugboard.Ipam.HostLocal;
using Plugboard.Testing.Ipam;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

public sealed class OwnerIndexTests : IDisposable
{
    private readonly IpamNetwork network = new(new HostLocalPlugin());

    public void Dispose() => network.Dispose();

    [Fact]
    public void An_owner_is_a_link_to_its_addresses()
    {
        network.Config = """{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"2001:db8::/64"}]]}""";
        network.Add("c1");
        Assert.Equal("10.1.2.2,2001:db8::2", new FileInfo(Path.Combine(network.Index, "eth0@c1")).LinkTarget);
        Assert.True(network.IsIndexed());
    }

    [Fact]
    public void A_complete_index_is_believed_without_a_scan()
    {
        network.Add("c1");
        // Changes the content in place: the directory's time stays, so only a scan would see it.
        network.Write("10.1.2.2", "c2\r\neth0");
        Assert.Equal("10.1.2.3", network.AddOne("c2"));
    }

    [Fact]
    public void An_entry_is_verified_with_the_lease()
    {
        network.Add("c1");
        network.Write("10.1.2.2", "c2\r\neth0");
        Assert.Equal("10.1.2.3", network.AddOne("c1"));
        network.Del("c1");
        Assert.True(network.Has("10.1.2.2"));
    }

    [Fact]
    public void A_lease_of_another_implementation_ends_the_index()
    {
        network.Add("c1");
        network.Write("10.1.2.9", "c2\r\neth0");
        Assert.False(network.IsIndexed());
        Assert.StartsWith("failed to allocate for range 0: 10.1.2.9 has been allocated to c2", IpamNetwork.Fails(() => network.Add("c2")).Message, StringComparison.Ordinal);
        Assert.Equal(["eth0@c1", "eth0@c2"], network.Owners());
        Assert.True(network.IsIndexed());
    }

    [Fact]
    public void A_release_by_another_implementation_leaves_no_entry_after_the_next_scan()
    {
        network.Add("c1");
        network.Add("c2");
        File.Delete(Path.Combine(network.Leases, "10.1.2.2"));
        network.Add("c3");
        Assert.Equal(["eth0@c2", "eth0@c3"], network.Owners());
    }

    [Fact]
    public void An_owner_whose_name_is_too_long_for_a_link_is_found_by_a_scan()
    {
        var id = new string('x', 251);
        network.Add("c1");
        network.Add(id);
        Assert.Equal(["eth0@c1"], network.Owners());
        IpamNetwork.Fails(() => network.Add(id));
        network.Check(id);
        network.Del(id);
        Assert.False(network.Has("10.1.2.3"));
    }

    [Fact]
    public void Without_an_index_all_verbs_work()
    {
        File.WriteAllText(Path.Combine(network.DataDir, ".owners"), "a file where the index should be");
        network.Add("c1");
        network.Check("c1");
        IpamNetwork.Fails(() => network.Add("c1"));
        network.Del("c1");
        Assert.False(network.Has("10.1.2.2"));
    }

    [Fact]
    public void An_entry_that_cannot_be_written_ends_the_index_but_fails_nothing()
    {
        network.Add("c1");
        Directory.CreateDirectory(Path.Combine(network.Index, "eth0@c2", "full"));
        Assert.Equal("10.1.2.3", network.AddOne("c2"));
        Assert.False(network.IsIndexed());
        IpamNetwork.Fails(() => network.Add("c2"));
        network.Del("c2");
        Assert.False(network.Has("10.1.2.3"));
    }

    [Fact]
    public void More_addresses_than_a_link_holds_are_found_by_a_scan()
    {
        for (var i = 0; i < 60; i++)
            network.Add("c1", args: $"IP=10.1.2.{i + 100}");
        Assert.False(network.IsIndexed());
        network.Del("c1");
        Assert.Equal(["last_reserved_ip.0", "lock"], network.Files());
    }

    [Fact]
    public void The_seal_is_older_than_any_later_change()
    {
        network.Add("c1");
        for (var i = 0; i < 200; i++)
        {
            network.Write("10.1.2.200", "other\r\neth0");
            Assert.False(network.IsIndexed());
            File.Delete(Path.Combine(network.Leases, "10.1.2.200"));
            Assert.False(network.IsIndexed());
            using var store = LeaseStore.Find(network.DataDir, IpamNetwork.Name)!;
            store.FindByOwner(new LeaseOwner("c1", "eth0"));
            Assert.True(network.IsIndexed());
        }
    }
}
