namespace Plugboard.Tests.Unit.Runtimes;

public sealed class PodmanFinderTests : IDisposable
{
    private const string Main = "/etc/containers/containers.conf";

    private readonly Host host = new();

    public void Dispose() => host.Dispose();

    private Host Podman => host.With("/usr/bin/podman", "");

    [Fact]
    public void A_host_without_podman_has_none() => Assert.Null(host.With(Main, "[network]\nnetwork_backend = \"cni\"\n").FindPodman());

    [Fact]
    public void It_looks_where_its_files_say_and_a_later_one_replaces_an_earlier()
    {
        Podman
            .With("/usr/share/containers/containers.conf", "[network]\nnetwork_backend = \"netavark\"\ncni_plugin_dirs = [\"/a\"]\n")
            .With(Main, "[network]\nnetwork_backend = \"cni\"\nnetwork_config_dir = \"/etc/own/\"\n")
            .With("/etc/containers/containers.conf.d/10-a.conf", "[network]\ncni_plugin_dirs = [\"/b\", \"/c\"]\n")
            .With("/etc/containers/containers.conf.d/20-b.txt", "[network]\nnetwork_backend = \"netavark\"\n");
        Assert.Equal("/b:/c (podman; /etc/containers/containers.conf.d/10-a.conf, line 2)", host.FindPodman()!.Describe());
        Assert.Equal("/etc/own", host.FindPodman()!.ConfDirectory);
    }

    [Fact]
    public void Version_3_has_CNI_alone() =>
        Assert.Equal(
            ("/etc/cni/net.d", "/usr/local/libexec/cni:/usr/libexec/cni:/usr/local/lib/cni:/usr/lib/cni:/opt/cni/bin"),
            (Podman.FindPodman()!.ConfDirectory, string.Join(':', host.FindPodman()!.BinDirectories))
        );

    [Fact]
    public void A_later_version_uses_what_it_chose_once()
    {
        Podman.With("/usr/lib/podman/netavark", "");
        Assert.Null(host.FindPodman());
        Assert.NotNull(host.With("/var/lib/containers/storage/defaultNetworkBackend", "cni").FindPodman());
        Assert.Null(host.With("/var/lib/containers/storage/defaultNetworkBackend", "netavark").FindPodman());
    }

    [Theory]
    [InlineData("[network]\nnetwork_backend = \"netavark\"\n")]
    [InlineData("[network")]
    [InlineData("[network]\nnetwork_backend = 7\n")]
    public void Another_backend_or_a_broken_file_is_no_CNI(string content) => Assert.Null(Podman.With(Main, content).FindPodman());
}
