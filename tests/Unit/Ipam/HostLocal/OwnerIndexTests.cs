using Plugboard.Ipam.HostLocal;
using Plugboard.Testing.Ipam;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

public sealed class OwnerIndexTests : IDisposable
{
    private readonly IpamNetwork network = new(new HostLocalPlugin());

    public void Dispose() => network.Dispose();

    [Fact]
    public void A_change_is_a_few_lines_at_the_end_of_the_log()
    {
        network.Config = """{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"2001:db8::/64"}]]}""";
        network.Add("c1");
        var text = File.ReadAllText(network.Log);
        Assert.Matches("^snapshot 0\n= [0-9]+\n\\+ c1 10\\.1\\.2\\.2\n\\+ c1 2001:db8::2\n= [0-9]+\n$", text);
        Assert.True(network.IsIndexed());
        network.Del("c1");
        Assert.StartsWith(text + "- c1 10.1.2.2\n- c1 2001:db8::2\n= ", File.ReadAllText(network.Log), StringComparison.Ordinal);
        Assert.True(network.IsIndexed());
    }

    [Fact]
    public void A_log_that_is_full_becomes_a_snapshot()
    {
        network.Add("stays");
        var snapshots = 0;
        for (var i = 0; i < 1500; i++)
        {
            var length = new FileInfo(network.Log).Length;
            network.Add($"c{i}");
            network.Del($"c{i}");
            Assert.True(network.IsIndexed());
            snapshots += new FileInfo(network.Log).Length < length ? 1 : 0;
            Assert.InRange(new FileInfo(network.Log).Length, 1, OwnerLog.Limit);
        }

        Assert.InRange(snapshots, 2, 10);
        Assert.Contains("stays 10.1.2.2", File.ReadAllLines(network.Snapshot));
        Assert.InRange(File.ReadAllLines(network.Snapshot).Length, 1, 2);
        IpamNetwork.Fails(() => network.Add("stays"));
        network.Del("stays");
        Assert.Empty(network.Owners());
    }

    [Fact]
    public void What_is_in_the_snapshot_is_found_released_and_given_anew()
    {
        network.Add("c1");
        network.Add("c2");
        Rescan();
        Assert.Equal("c1 10.1.2.2\nc2 10.1.2.3\n", File.ReadAllText(network.Snapshot));
        IpamNetwork.Fails(() => network.Add("c1"));
        network.Del("c1");
        Assert.Equal("10.1.2.4", network.AddOne("c1"));
        Assert.Equal(["c1", "c2"], network.Owners());
        Assert.True(network.IsIndexed());
    }

    [Fact]
    public void Two_interfaces_of_a_container_are_two_owners()
    {
        network.Add("c1", "eth0");
        network.Add("c1", "eth1");
        network.Del("c1", "eth0");
        IpamNetwork.Fails(() => network.Check("c1", "eth0"));
        network.Check("c1", "eth1");
        Assert.True(network.IsIndexed());
        network.Del("c1", "eth1");
        Assert.Empty(network.Owners());
    }

    [Theory]
    [InlineData("log")]
    [InlineData("snapshot")]
    public void An_index_that_lost_a_file_is_made_again_by_a_scan(string name)
    {
        network.Add("c1");
        Rescan();
        File.Delete(Path.Combine(network.Index, name));
        IpamNetwork.Fails(() => network.Add("c1"));
        Assert.Equal(["c1"], network.Owners());
        Assert.True(network.IsIndexed());
    }

    [Fact]
    public void A_snapshot_of_another_size_than_the_log_says_is_not_believed()
    {
        network.Add("c1");
        Rescan();
        File.WriteAllText(network.Snapshot, "c2 10.1.2.200\n");
        IpamNetwork.Fails(() => network.Add("c1"));
        Assert.Equal("c1 10.1.2.2\n", File.ReadAllText(network.Snapshot));
    }

    [Fact]
    public void An_index_of_the_older_form_is_replaced()
    {
        network.Write("10.1.2.2", "c1\r\neth0");
        Directory.CreateDirectory(network.Index);
        File.CreateSymbolicLink(Path.Combine(network.Index, "eth0@c1"), "10.1.2.2");
        File.WriteAllText(Path.Combine(network.Index, ".snapshot"), "eth0@c9 10.1.2.9\n");
        File.WriteAllText(Path.Combine(network.Index, ".complete"), "");
        File.SetLastWriteTimeUtc(Path.Combine(network.Index, ".complete"), Directory.GetLastWriteTimeUtc(network.Leases));
        IpamNetwork.Fails(() => network.Add("c1"));
        Assert.Equal(
            ["log", "snapshot"],
            Directory.EnumerateFileSystemEntries(network.Index).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)
        );
        Assert.True(network.IsIndexed());
        network.Del("c1");
        Assert.False(network.Has("10.1.2.2"));
    }

    // As after a change by somebody else.
    private void Rescan()
    {
        network.Write("10.1.2.250", "other\r\neth0");
        File.Delete(Path.Combine(network.Leases, "10.1.2.250"));
        using var store = LeaseStore.Find(network.DataDir, IpamNetwork.Name)!;
        store.FindByOwner(LeaseOwners.Of("nobody", "eth0"));
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
        Assert.StartsWith(
            "failed to allocate for range 0: 10.1.2.9 has been allocated to c2",
            IpamNetwork.Fails(() => network.Add("c2")).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(["c1", "c2"], network.Owners());
        Assert.True(network.IsIndexed());
    }

    [Fact]
    public void A_release_by_another_implementation_leaves_no_entry_after_the_next_scan()
    {
        network.Add("c1");
        network.Add("c2");
        File.Delete(Path.Combine(network.Leases, "10.1.2.2"));
        network.Add("c3");
        Assert.Equal(["c2", "c3"], network.Owners());
    }

    [Fact]
    public void An_owner_whose_id_is_too_long_for_a_line_is_found_by_a_scan()
    {
        var id = new string('x', 256);
        network.Add("c1");
        network.Add(id);
        Assert.Equal(["c1"], network.Owners());
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
    public void An_index_that_cannot_be_read_is_no_index_but_fails_nothing()
    {
        network.Add("c1");
        File.Delete(network.Log);
        Directory.CreateDirectory(Path.Combine(network.Log, "full"));
        Assert.Equal("10.1.2.3", network.AddOne("c2"));
        IpamNetwork.Fails(() => network.Add("c2"));
        network.Del("c2");
        Assert.False(network.Has("10.1.2.3"));
        Assert.True(network.Has("10.1.2.2"));
    }

    [Fact]
    public void A_snapshot_that_cannot_be_made_ends_the_index_but_fails_nothing()
    {
        network.Add("c1");
        IpamNetwork.FillLog(network.Log, "c1 10.1.2.2");
        Assert.True(network.IsIndexed());
        Directory.CreateDirectory(Path.Combine(network.Index, "in-the-way"));
        Assert.Equal("10.1.2.3", network.AddOne("c2"));
        Assert.False(network.IsIndexed());
        IpamNetwork.Fails(() => network.Add("c2"));
        network.Del("c2");
        Directory.Delete(Path.Combine(network.Index, "in-the-way"));
        network.Del("c1");
        Assert.Equal(["last_reserved_ip.0", "lock"], network.Files());
    }

    [Fact]
    public void Any_number_of_addresses_of_one_owner_is_found()
    {
        Rescan();
        for (var i = 0; i < 60; i++)
            network.Add("c1", args: $"IP=10.1.2.{i + 100}");
        Assert.True(network.IsIndexed());
        Rescan();
        network.Add("c1", args: "IP=10.1.2.200");
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
            store.FindByOwner(LeaseOwners.Of("c1", "eth0"));
            Assert.True(network.IsIndexed());
        }
    }
}
