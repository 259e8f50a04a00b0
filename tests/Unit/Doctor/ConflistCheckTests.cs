using Plugboard.Doctor;
using Plugboard.Doctor.Checks;
using Plugboard.Doctor.Nodes;

namespace Plugboard.Tests.Unit.Doctor;

public sealed class ConflistCheckTests : IDisposable
{
    private const string Containerd = "/etc/containerd/config.toml";
    private const string Crio = "/etc/crio/crio.conf";

    private readonly string root = Directory.CreateTempSubdirectory("conflists").FullName;

    private Node Node => new(new DoctorOptions { HostRoot = root }, TimeProvider.System);

    private string Found => string.Join('\n', new ConflistCheck().Examine(Node).Select(static finding => $"{finding.Id}: {finding.What}"));

    private string Used => string.Join(' ', Node.UsedNetworks.Select(static use => use.List.Name));

    private ConflistCheckTests With(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(root + path)!);
        File.WriteAllText(root + path, content);
        return this;
    }

    private ConflistCheckTests WithNetworks(params string[] names)
    {
        foreach (var name in names)
            With($"/etc/cni/net.d/{name}.conflist", $$"""{"cniVersion":"1.0.0","name":"{{name}}","plugins":[{"type":"bridge"}]}""");
        return this;
    }

    private static string OfContainerd(string key) => $"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\n{key}\n";

    [Fact]
    public void A_runtime_uses_the_first_config()
    {
        WithNetworks("a", "b");
        Assert.Equal("a", Used);
        Assert.Equal(
            "conflist-several: 2 network configs: /etc/cni/net.d/a.conflist, /etc/cni/net.d/b.conflist; the runtime takes the "
                + "first, network a",
            Found
        );
    }

    [Fact]
    public void A_containerd_that_uses_several_is_right_to_have_them()
    {
        WithNetworks("a", "b", "c").With(Containerd, OfContainerd("max_conf_num = 0"));
        Assert.Equal(("a b c", ""), (Used, Found));
        With(Containerd, OfContainerd("max_conf_num = 2"));
        Assert.Equal("a b", Used);
        Assert.EndsWith("; the runtime takes the first 2 (max_conf_num)", Found, StringComparison.Ordinal);
        With(Containerd, OfContainerd("max_conf_num = 3"));
        Assert.Equal(("a b c", ""), (Used, Found));
    }

    [Fact]
    public void The_network_that_CRIO_names_is_the_one_that_it_uses()
    {
        WithNetworks("a", "b").With(Crio, "[crio.network]\ncni_default_network = \"b\"\n");
        Assert.Equal(("b", ""), (Used, Found));
        With(Crio, "[crio.network]\ncni_default_network = \"c\"\n");
        Assert.Equal("", Used);
        Assert.Equal(
            "conflist-missing: no network config of /etc/cni/net.d has the name c, the only one that CRI-O uses (cni_default_network)",
            Found
        );
    }

    [Fact]
    public void What_is_there_and_not_read_is_named()
    {
        Assert.Equal("conflist-missing: /etc/cni/net.d does not exist", Found);
        Directory.CreateDirectory($"{root}/etc/cni/net.d/10-a.conflist");
        With("/etc/cni/net.d/05-b.conflist.cilium_bak", "{}").With("/etc/cni/net.d/calico-kubeconfig", "");
        Assert.Equal(
            "conflist-missing: /etc/cni/net.d has no network config; no runtime reads 05-b.conflist.cilium_bak, 10-a.conflist",
            Found
        );
    }

    [Fact]
    public void Where_containerd_makes_the_config_its_template_is_the_remedy()
    {
        With(Containerd, OfContainerd("conf_template = \"/etc/cni.template\""));
        Assert.StartsWith(
            "containerd makes it from /etc/cni.template (conf_template) once the node has a podCIDR",
            Assert.Single(new ConflistCheck().Examine(Node)).Remedy,
            StringComparison.Ordinal
        );
    }

    public void Dispose() => Directory.Delete(root, recursive: true);
}
