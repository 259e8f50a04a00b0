using Plugboard.Ipam.HostLocal;
using Plugboard.Protocols.Cni;
using Plugboard.Testing.Ipam;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

public sealed class HostLocalReleaseTests : IDisposable
{
    private readonly IpamNetwork network = new(new HostLocalPlugin());

    public void Dispose() => network.Dispose();

    [Fact]
    public void Del_releases_the_interfaces_leases_only()
    {
        network.Add("c1");
        network.Add("c1", "eth1");
        network.Add("c2");
        network.Del("c1");
        Assert.Equal(["10.1.2.3", "10.1.2.4", "last_reserved_ip.0", "lock"], network.Files());
        Assert.Equal(["c1", "c2"], network.Owners());
    }

    [Fact]
    public void Del_succeeds_twice()
    {
        network.Add("c1");
        network.Del("c1");
        network.Del("c1");
        network.Del("never-added");
    }

    [Fact]
    public void Del_makes_no_directory()
    {
        network.Del("c1");
        Assert.Empty(Directory.EnumerateFileSystemEntries(network.DataDir));
    }

    [Theory]
    [InlineData("""{"ranges":[[{"subnet":"10.1.2.7/24"}]]}""")]
    [InlineData("""{"ranges":"none"}""")]
    [InlineData("""{"x":1}""")]
    public void Del_releases_under_a_config_that_is_no_longer_valid(string config)
    {
        network.Add("c1");
        network.Config = config;
        new HostLocalPlugin().Del(network.Request("c1", args: "UNKNOWN=1;;"));
        Assert.False(network.Has("10.1.2.2"));
    }

    [Fact]
    public void Del_releases_leases_of_the_old_format_where_there_are_no_others()
    {
        network.Write("10.1.2.9", "c1");
        network.Write("10.1.2.10", "c1\r\neth0");
        network.Del("c1");
        Assert.True(network.Has("10.1.2.9"));
        network.Del("c1");
        Assert.False(network.Has("10.1.2.9"));
    }

    [Fact]
    public void Del_reports_what_it_cannot_remove_and_removes_the_rest()
    {
        network.Add("c1");
        network.Write("10.1.2.9", "c1\r\neth0");
        Directory.CreateDirectory(Path.Combine(network.Leases, "10.1.2.8"));
        network.Del("c1");
        Assert.Equal(["10.1.2.8", "last_reserved_ip.0", "lock"], network.Files());
    }

    [Fact]
    public void Check_finds_the_lease()
    {
        network.Add("c1");
        network.Check("c1");
        var error = IpamNetwork.Fails(() => network.Check("c1", "eth1"));
        Assert.Equal("host-local: Failed to find address added by container c1", error.Message);
    }

    [Fact]
    public void Check_fails_without_a_directory_and_makes_none()
    {
        IpamNetwork.Fails(() => network.Check("c1"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(network.DataDir));
    }

    [Fact]
    public void Gc_releases_what_is_not_valid_and_what_a_crash_left()
    {
        network.Add("c1");
        network.Add("c1", "eth1");
        network.Add("c2");
        network.Write("10.1.2.20", "c1");
        network.Write("10.1.2.21", "c3");
        network.Write("10.1.2.22", "");
        network.Write("10.1.2.23", "kept for the printer");
        network.Write("notes.txt", "c9\r\neth0");
        network.Gc(("c1", "eth0"), ("c7", "eth0"));
        Assert.Equal(["10.1.2.2", "10.1.2.20", "10.1.2.23", "last_reserved_ip.0", "lock", "notes.txt"], network.Files());
        Assert.Equal(["c1"], network.Owners());
        Assert.True(network.IsIndexed());
    }

    [Fact]
    public void Gc_does_nothing_where_the_runtime_does_not_say_what_is_valid()
    {
        network.Add("c1");
        new HostLocalPlugin().Gc(network.Request(), valid: null);
        Assert.True(network.Has("10.1.2.2"));
        network.Gc();
        Assert.False(network.Has("10.1.2.2"));
    }

    [Fact]
    public void Gc_without_a_directory_succeeds() => network.Gc();

    [Fact]
    public void Status_is_ready_without_a_directory_and_makes_none()
    {
        network.Status();
        Assert.Empty(Directory.EnumerateFileSystemEntries(network.DataDir));
    }

    [Fact]
    public void Status_succeeds_while_a_range_set_is_used_up_because_a_runtime_would_evict_the_pods_that_use_it()
    {
        network.Config = """{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"10.1.3.0/30"}]]}""";
        network.Add("c1");
        var before = network.Files();
        network.Status();
        Assert.Equal(before, network.Files());
    }

    [Fact]
    public void A_range_set_that_is_used_up_is_found()
    {
        network.Config = """{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"10.1.3.0/30"}]]}""";
        Assert.Empty(HostLocalPlugin.FindUsedUp(network.Request()));
        network.Add("c1");
        Assert.Equal(
            [$"10.1.3.1-10.1.3.2 of network test: each of its 1 addresses has a file in {network.Leases}"],
            HostLocalPlugin.FindUsedUp(network.Request())
        );
        network.Write("10.1.3.2", "");
        Assert.Empty(HostLocalPlugin.FindUsedUp(network.Request()));
    }

    [Theory]
    [InlineData("/nonexistent/resolv.conf", "ipam.resolvConf /nonexistent/resolv.conf does not exist")]
    [InlineData(
        "resolv.conf",
        "ipam.resolvConf resolv.conf does not exist in the directory that the runtime works in: write the whole path"
    )]
    [InlineData("/tmp", "ipam.resolvConf: open /tmp: a directory, not a regular file: remove it or correct the path")]
    public void Status_and_ADD_refuse_a_resolvConf_that_no_ADD_could_read(string path, string message)
    {
        network.Config = $$"""{"subnet":"10.1.2.0/24","resolvConf":"{{path}}"}""";
        Assert.Equal(message, IpamNetwork.Fails(network.Status).Message);
        var error = IpamNetwork.Fails(() => network.Add("c1"));
        Assert.Equal((CniErrorCode.InvalidNetworkConfig, message), (error.Code, error.Message));
        Assert.False(Directory.Exists(network.Leases));
    }

    [Fact]
    public void A_data_directory_that_is_a_file_is_50()
    {
        File.WriteAllText(network.Leases, "");
        Assert.Equal(CniErrorCode.PluginNotAvailable, IpamNetwork.Fails(network.Status).Code);
    }
}
