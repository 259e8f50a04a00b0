using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Installer;

/// <summary>The installer on a host whose container runtime names its plugin directory.</summary>
public sealed class RuntimeDirectoryTests : IDisposable
{
    private readonly InstallerHost host = new();

    public void Dispose() => host.Dispose();

    private void Configure(string content)
    {
        Directory.CreateDirectory($"{host.Root}/etc/containerd");
        File.WriteAllText($"{host.Root}/etc/containerd/config.toml", content);
    }

    private void ConfigureAsDebian()
    {
        Configure("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nbin_dir = \"/usr/lib/cni\"\n");
        Directory.CreateDirectory($"{host.Root}/usr/lib/cni");
    }

    [KernelFact]
    public void Auto_installs_where_the_runtime_looks()
    {
        ConfigureAsDebian();
        var output = host.Run("install --bin-dir auto");
        output.Succeeded();
        Assert.Equal(
            "installer: using /usr/lib/cni: the runtime looks into /usr/lib/cni (containerd; /etc/containerd/config.toml, line 3)\n",
            output.Error
        );
        Assert.True(File.Exists($"{host.Root}/usr/lib/cni/bridge"));
        Assert.Equal("reference", host.Owners);
        host.Run("uninstall --bin-dir auto").Succeeded();
        Assert.False(File.Exists($"{host.Root}/usr/lib/cni/bridge"));
    }

    [KernelFact]
    public void The_other_verbs_find_what_auto_installed()
    {
        ConfigureAsDebian();
        host.Shell($"cp {host.Bin}/bridge {host.Root}/usr/lib/cni");
        host.Run("install --bin-dir auto").Succeeded();
        var status = host.Run("status");
        status.Succeeded();
        Assert.Equal("installer: using /usr/lib/cni: the installed files are there, and none in /opt/cni/bin\n", status.Error);
        Assert.Contains("/usr/lib/cni/bridge", status.Output, StringComparison.Ordinal);
        Assert.Equal("rolled-back", (string?)host.Json("rollback")["bridge"]["state"]);
        Assert.Equal("rolled-back", (string?)host.Json("rollback")["bridge"]["state"]);
        Assert.Equal("restored", (string?)host.Json("uninstall --restore")["bridge"]["state"]);
        Assert.False(File.Exists($"{host.Root}/usr/lib/cni/portmap"));
        Assert.True(File.Exists($"{host.Root}/usr/lib/cni/bridge"));
        Assert.Equal("reference", host.Owners);
    }

    [KernelFact]
    public void The_other_verbs_prefer_the_default_directory_and_what_is_named()
    {
        ConfigureAsDebian();
        host.Run("install --bin-dir auto").Succeeded();
        Assert.Equal("missing", (string?)host.Json("status --plugins tap --bin-dir /opt/cni/bin")["tap"]["state"]);
        host.Run("install").Succeeded();
        Assert.Equal("", host.Run("status").Error);
        host.Run("uninstall --restore").Succeeded();
        Assert.Equal("reference", host.Owners);
        Assert.True(File.Exists($"{host.Root}/usr/lib/cni/bridge"));
    }

    [KernelFact]
    public void Auto_takes_the_first_directory_that_exists()
    {
        Configure("version = 3\n[plugins.'io.containerd.cri.v1.runtime'.cni]\nbin_dirs = ['/usr/lib/cni', '/opt/cni/bin']\n");
        host.Run("install --bin-dir auto").Succeeded();
        Assert.Equal("ours", host.Owners);
    }

    [KernelFact]
    public void Auto_without_a_runtime_is_the_default_and_says_so()
    {
        var output = host.Run("install --bin-dir auto");
        output.Succeeded();
        Assert.StartsWith("installer: no container runtime's configuration was found below ", output.Error, StringComparison.Ordinal);
        Assert.Equal("ours", host.Owners);
    }

    [KernelFact]
    public void A_broken_configuration_is_a_warning_with_its_line_and_the_default_is_named()
    {
        Configure("version = 2\n[plugins\n");
        var output = host.Run("install --bin-dir auto");
        output.Succeeded();
        Assert.StartsWith("installer: warning: /etc/containerd/config.toml, line 2: invalid TOML", output.Error, StringComparison.Ordinal);
        Assert.Contains(
            "using /opt/cni/bin: the runtime looks into /opt/cni/bin (containerd; containerd's default, assumed)",
            output.Error,
            StringComparison.Ordinal
        );
    }

    [KernelFact]
    public void A_directory_into_which_the_runtime_does_not_look_is_a_warning()
    {
        ConfigureAsDebian();
        var output = host.Run("install");
        output.Succeeded();
        Assert.Equal(
            "installer: warning: containerd does not look into /opt/cni/bin, but into /usr/lib/cni (containerd; "
                + "/etc/containerd/config.toml, line 3): new pods fail. Install with --bin-dir auto, or change the runtime's "
                + "configuration\n",
            output.Error
        );
    }

    [KernelFact]
    public void Plugins_that_the_runtime_finds_first_elsewhere_are_a_warning()
    {
        ConfigureAsDebian();
        host.Shell($"cp {host.Bin}/bridge {host.Bin}/portmap {host.Root}/usr/lib/cni");
        Assert.StartsWith(
            "installer: warning: containerd executes portmap, bridge of /usr/lib/cni, not those of /opt/cni/bin: it looks into "
                + "/usr/lib/cni (containerd; /etc/containerd/config.toml, line 3). ",
            host.Run("install").Error,
            StringComparison.Ordinal
        );
    }

    [KernelFact]
    public void One_directory_under_two_names_is_no_warning()
    {
        ConfigureAsDebian();
        host.Shell($"rmdir {host.Root}/usr/lib/cni; ln -s /opt/cni/bin {host.Root}/usr/lib/cni");
        Assert.Equal("", host.Run("install").Error);
    }
}
