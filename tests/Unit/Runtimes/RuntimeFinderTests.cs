namespace Plugboard.Tests.Unit.Runtimes;

public sealed class RuntimeFinderTests : IDisposable
{
    private const string Containerd = "version = 2\nplugins.\"io.containerd.grpc.v1.cri\".cni.bin_dir = \"/of/containerd\"\n";
    private const string Crio = "[crio.network]\nplugin_dirs = [\"/of/crio/\"]\n";

    private readonly Host host = new();

    public void Dispose() => host.Dispose();

    private Host Both => host.With("/etc/containerd/config.toml", Containerd).With("/etc/crio/crio.conf", Crio);

    [Fact]
    public void A_host_without_runtime_has_none() => Assert.Null(host.Find());

    [Fact]
    public void CRIO_is_read_with_its_directory_in_the_order_of_names()
    {
        host.With("/etc/crio/crio.conf", "[crio.network]\nnetwork_dir = \"/etc/own/\"\nplugin_dirs = [\"/a\"]\n")
            .With("/etc/crio/crio.conf.d/20-b.conf", "[crio.network]\nplugin_dirs = [\n  \"/b\",\n  \"/c/\",\n]\n")
            .With("/etc/crio/crio.conf.d/10-a.conf", "[crio]\n[crio.network]\nplugin_dirs = [\"/d\"]\n");
        Assert.Equal("/b:/c (CRI-O; /etc/crio/crio.conf.d/20-b.conf, line 2)", host.Described);
        Assert.Equal("/etc/own", host.Paths.ConfDirectory);
    }

    [Fact]
    public void CRIO_reads_the_directories_in_its_directory_too()
    {
        host.With("/etc/crio/crio.conf.d/10-a.conf", "[crio.network]\nplugin_dirs = [\"/a\"]\n")
            .With("/etc/crio/crio.conf.d/20-b/more/x", "[crio.network]\nplugin_dirs = [\"/b\"]\n")
            .With("/etc/crio/crio.conf.d/30-c.conf", "[crio.network]\nnetwork_dir = \"/etc/own\"\n");
        Assert.Equal("/b (CRI-O; /etc/crio/crio.conf.d/20-b/more/x, line 2)", host.Described);
        Assert.Equal("/etc/own", host.Paths.ConfDirectory);
    }

    [Fact]
    public void A_symbolic_link_to_a_file_leads_where_it_leads_on_the_host()
    {
        host.With("/etc/static/containerd.toml", Containerd).WithLink("/etc/containerd/config.toml", "/etc/static/containerd.toml");
        Assert.Equal("/of/containerd (containerd; /etc/containerd/config.toml, line 2)", host.Described);
    }

    [Theory]
    [InlineData("[crio.runtime]\n", "/opt/cni/bin (CRI-O; CRI-O's default, which no file changes)")]
    [InlineData("[crio.network]\nplugin_dir = \"/a\"\n", "/a (CRI-O; /etc/crio/crio.conf, line 2)")]
    [InlineData("[crio.network]\nplugin_dir = \"/a\"\nplugin_dirs = [\"/b\"]", "/b:/a (CRI-O; /etc/crio/crio.conf, line 3)")]
    public void CRIO_s_directories_are_those_of_its_file(string content, string expected)
    {
        Assert.Equal(expected, host.With("/etc/crio/crio.conf", content).Described);
        Assert.Empty(host.Paths.Problems);
    }

    [Fact]
    public void CRIO_s_network_is_the_one_that_the_last_file_names()
    {
        host.With("/etc/crio/crio.conf", "[crio.network]\ncni_default_network = \"a\"\n");
        Assert.Equal("a", host.Paths.DefaultNetwork);
        host.With("/etc/crio/crio.conf.d/10-b.conf", "[crio.network]\ncni_default_network = \"b\"\n");
        Assert.Equal("b", host.Paths.DefaultNetwork);
        host.With("/etc/crio/crio.conf.d/20-c.conf", "[crio.network]\ncni_default_network = \"\"\n");
        Assert.Null(host.Paths.DefaultNetwork);
    }

    [Fact]
    public void A_broken_file_of_CRIO_is_a_sentence_and_the_default_is_assumed()
    {
        host.With("/etc/crio/crio.conf", Crio).With("/etc/crio/crio.conf.d/10-a.conf", "\n[crio.network]\nplugin_dirs = [1]\n");
        Assert.Equal("/etc/crio/crio.conf.d/10-a.conf, line 3: plugin_dirs[0] must be a string, not 1", Assert.Single(host.Paths.Problems));
        Assert.Equal("/opt/cni/bin (CRI-O; CRI-O's default, assumed)", host.Described);
    }

    [Fact]
    public void K3s_has_a_file_of_its_own()
    {
        host.With("/etc/containerd/config.toml", Containerd)
            .With(
                "/var/lib/rancher/k3s/agent/etc/containerd/config.toml",
                "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.cni]\n  bin_dirs = [\"/var/lib/rancher/k3s/data/cni\"]\n"
                    + "  conf_dir = \"/var/lib/rancher/k3s/agent/etc/cni/net.d\"\n"
            )
            .With("/run/k3s/containerd/containerd.sock", "");
        Assert.Equal("/var/lib/rancher/k3s/data/cni (k3s; /var/lib/rancher/k3s/agent/etc/containerd/config.toml, line 3)", host.Described);
        Assert.Equal("/var/lib/rancher/k3s/agent/etc/cni/net.d", host.Paths.ConfDirectory);
        Assert.Empty(host.Paths.Problems);
    }

    [Theory]
    [InlineData(
        "/var/lib/kubelet/kubeadm-flags.env",
        "KUBELET_KUBEADM_ARGS=\"--container-runtime-endpoint=unix:///run/containerd/containerd.sock\""
    )]
    [InlineData("/var/lib/kubelet/config.yaml", "containerRuntimeEndpoint: unix:///var/run/containerd/containerd.sock\n")]
    [InlineData("/run/containerd/containerd.sock", "")]
    public void Of_two_runtimes_it_is_the_kubelet_s_or_the_one_that_runs(string path, string content)
    {
        Assert.Equal(["/of/containerd"], Both.With(path, content).Paths.BinDirectories);
        Assert.Empty(host.Paths.Problems);
    }

    [Fact]
    public void Two_runtimes_that_nothing_tells_apart_are_reported()
    {
        Assert.Equal(["/of/crio"], Both.Paths.BinDirectories);
        Assert.Equal(
            "CRI-O was taken for the runtime; also here: /of/containerd (containerd; /etc/containerd/config.toml, line 2)",
            Assert.Single(host.Paths.Problems)
        );
    }
}
