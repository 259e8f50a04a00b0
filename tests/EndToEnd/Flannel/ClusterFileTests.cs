using System.Runtime.Versioning;
using Plugboard.ClusterFiles;
using Plugboard.Linux;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Flannel;

/// <summary>What the coordinator writes for plugins and runtimes, on filesystems as nodes have them.</summary>
[SupportedOSPlatform("linux")]
public sealed class ClusterFileTests
{
    private static readonly SubnetFile Subnet = SubnetFile.Parse(FlannelNode.DualStack, "");

    [KernelFact]
    public void The_default_conflists_are_written_beside_our_plugins_where_only_the_runtime_s_directory_is_mounted()
    {
        using var node = new CniNode();
        var (real, mounted) = (
            Directory.CreateDirectory(Path.Combine(node.Directory, "etc")).FullName,
            Directory.CreateDirectory(Path.Combine(node.Directory, "net.d")).FullName
        );
        node.Tool($"mount --bind {real} {mounted}");
        foreach (var template in (ConflistTemplate[])[ConflistTemplate.Flannel, ConflistTemplate.Bridge(Subnet)])
        {
            var conflist = template.Render(Subnet);
            var outcome = node.Run(() =>
                new ConflistWriter(Path.Combine(mounted, "10-pods.conflist"), [PluginDirectory.Ours]).Write(conflist)
            );
            Assert.Empty(outcome.Missing);
            Assert.True(outcome.Written);
            Assert.Equal(conflist.Content, File.ReadAllBytes(Path.Combine(real, "10-pods.conflist")));
            Assert.Single(Directory.GetFileSystemEntries(real));
        }
    }

    [KernelFact]
    public void The_reference_s_plugins_are_asked_too()
    {
        using var node = new CniNode();
        var writer = new ConflistWriter(Path.Combine(node.Directory, "10-pods.conflist"), [PluginDirectory.Reference]);
        // Debian's speak 1.0.0 and no later version.
        Assert.Equal(
            ["flannel"],
            writer.FindMissing(ConflistTemplate.Flannel.Render(Subnet).WithoutNewerVersions()).Select(static missing => missing.Type)
        );
        var fitting = writer.Fit(ConflistTemplate.Bridge(Subnet).Render(Subnet));
        Assert.Equal(["0.4.0", "1.0.0"], fitting.Versions);
        Assert.Equal("1.0.0", fitting.CniVersion);
        Assert.Empty(writer.FindMissing(fitting));
    }

    [KernelFact]
    public void A_plugin_on_a_filesystem_without_execution_is_reported()
    {
        using var node = new CniNode();
        var bin = Directory.CreateDirectory(Path.Combine(node.Directory, "bin")).FullName;
        node.Tool($"mount -t tmpfs -o noexec bin {bin}");
        node.Run(() => File.Copy(Path.Combine(PluginDirectory.Ours, "portmap"), Path.Combine(bin, "portmap")));
        var conflist = Conflist.Parse("""{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"portmap"}]}"""u8.ToArray(), "");
        var missing = node.Run(() => new ConflistWriter(Path.Combine(node.Directory, "x.conflist"), [bin]).FindMissing(conflist));
        Assert.Equal(("its filesystem is mounted noexec", bin), (Assert.Single(missing).Why, missing[0].Mount));
    }

    [KernelFact]
    public void On_a_full_disk_the_old_files_stay_whole_and_nothing_is_left_beside_them()
    {
        using var node = new CniNode();
        var run = Directory.CreateDirectory(Path.Combine(node.Directory, "run")).FullName;
        node.Tool($"mount -t tmpfs -o size=16k run {run}");
        node.Run(() =>
        {
            var path = Path.Combine(run, "subnet.env");
            Assert.True(Subnet.Write(path));
            Fill(Path.Combine(run, "filler"));
            var names = Directory.GetFileSystemEntries(run);
            var failure = Assert.Throws<ErrnoException>(() => (Subnet with { Mtu = 1400 }).Write(path));
            Assert.Equal(Errno.ENOSPC, failure.Errno);
            Assert.Equal(names, Directory.GetFileSystemEntries(run));
            Assert.Equal(Subnet, SubnetFile.Find(path));
            Assert.False(Subnet.Write(path));
        });
    }

    private static void Fill(string path)
    {
        using var file = File.Create(path, 1);
        var block = new byte[4096];
        for (var i = 0; i < 16; i++)
        {
            try
            {
                file.Write(block);
            }
            catch (IOException)
            {
                return;
            }
        }

        throw new InvalidOperationException("the filesystem has more space than it should");
    }
}
