using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;
using Plugboard.Tests.EndToEnd.Image;

namespace Plugboard.Tests.EndToEnd.Deploy;

/// <summary>The pods that a person starts on one node fit the executables, and the DaemonSets.</summary>
public sealed class NodePodTests
{
    private static IReadOnlyList<ContainerSpec> ContainersOf(string name) =>
        [
            .. ContainerSpec.OfPod(
                Assert.Single(YamlFile.Read(Path.Combine(PluginDirectory.Root, $"examples/kubernetes/node/{name}.yaml")))[
                    "spec"
                ]!.AsObject()
            ),
        ];

    [KernelTheory]
    [InlineData("doctor")]
    [InlineData("remove")]
    public void Each_flag_is_one_of_the_executable_s_own_and_each_image_is_made(string name)
    {
        foreach (var container in ContainersOf(name))
        {
            Assert.Equal("/plugboard/" + container.Executable, container.Path);
            var help = Help.Of(container.Executable, container.Verb);
            Assert.All(
                container.Flags,
                flag => Assert.True(help.Has(flag.Key), $"{container.Executable} {container.Verb} has no {flag.Key}")
            );
            Assert.Equal($"localhost/plugboard:{ImageArchives.Version}", (string)container.Spec["image"]!);
            Assert.Equal(("NODE", "Never"), ((string)container.Pod["nodeName"]!, (string)container.Pod["restartPolicy"]!));
        }
    }

    [Theory]
    [InlineData("vxlan", "coordinator", "cleanup")]
    [InlineData("vxlan", "install", "uninstall")]
    [InlineData("flexvolume", "install-drivers", "uninstall")]
    public void It_is_removed_where_the_DaemonSet_writes_it_and_with_the_same_capabilities(string overlay, string writer, string remover)
    {
        var writes = Assert.Single(ContainerSpec.Of(Kustomization.Overlay(overlay)), container => container.Name == writer);
        var removes = Assert.Single(ContainersOf("remove"), container => container.Name == remover);

        // An unused lock is an empty file, which goes with the next start of the machine.
        foreach (
            var (path, volume) in writes.Mounts.Where(mount =>
                mount.Value["hostPath"] is not null && !writes.IsReadOnly(mount.Key) && mount.Key != "/run/plugboard-coordinator"
            )
        )
            Assert.Equal((string?)volume["hostPath"]!["path"], (string?)removes.Mounts.GetValueOrDefault(path)?["hostPath"]?["path"]);
        Assert.Equal(writes.Capabilities, removes.Capabilities);
    }

    [Fact]
    public void Whether_a_driver_s_volumes_are_mounted_is_seen()
    {
        var remover = Assert.Single(ContainersOf("remove"), static container => container.Name == "uninstall");
        var mount = Assert.Single(
            remover.Spec["volumeMounts"]!.AsArray(),
            static mount => (string)mount!["mountPath"]! == "/host/var/lib/kubelet/pods"
        )!;
        Assert.Equal(("HostToContainer", true), ((string)mount["mountPropagation"]!, (bool)mount["readOnly"]!));
    }

    [Fact]
    public void The_doctor_sees_all_of_the_node_and_writes_nothing()
    {
        var doctor = Assert.Single(ContainersOf("doctor"));
        Assert.Equal("/", (string)doctor.Mounts[doctor.Flags["--host-root"]]["hostPath"]!["path"]!);
        Assert.True(doctor.IsReadOnly(doctor.Flags["--host-root"]));
        Assert.DoesNotContain("--fix", doctor.Flags.Keys);
        Assert.All((string[])["hostNetwork", "hostPID"], key => Assert.True((bool)doctor.Pod[key]!));
    }
}
