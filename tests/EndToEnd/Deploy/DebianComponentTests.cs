using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Deploy;

/// <summary>The component for nodes whose runtime looks for plugins in /usr/lib/cni.</summary>
public sealed class DebianComponentTests
{
    [Theory]
    [InlineData("plugins")]
    [InlineData("flexvolume")]
    [InlineData("vxlan")]
    [InlineData("host-gw")]
    [InlineData("flannel")]
    public void Every_container_has_the_node_s_usr_lib_cni_where_it_looks_for_plugins(string overlay)
    {
        var directory = Directory.CreateTempSubdirectory("plugboard-debian-").FullName;
        var deploy = Path.Combine(PluginDirectory.Root, "deploy");
        File.WriteAllText(
            Path.Combine(directory, "kustomization.yaml"),
            $"resources: [{deploy}/overlays/{overlay}]\ncomponents: [{deploy}/components/debian]\n"
        );
        var before = Mounts(Path.Combine(deploy, "overlays", overlay));
        var after = Mounts(directory);
        Directory.Delete(directory, recursive: true);
        Assert.Contains(before, static mount => mount.EndsWith("/opt/cni/bin <- /opt/cni/bin", StringComparison.Ordinal));
        Assert.Equal(before.Select(static mount => mount.Replace("<- /opt/cni/bin", "<- /usr/lib/cni", StringComparison.Ordinal)), after);
    }

    private static List<string> Mounts(string directory) =>
        [
            .. ContainerSpec
                .Of(Kustomization.Build(directory))
                .SelectMany(static container =>
                    container.Mounts.Select(mount => $"{container.Path}: {mount.Key} <- {mount.Value["hostPath"]?["path"]}")
                )
                .Order(StringComparer.Ordinal),
        ];
}
