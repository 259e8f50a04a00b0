using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.FlexVolume;

/// <summary>
/// A pod gets directories and images of its own namespace, and what was mounted when there was no such border is not disturbed.
/// </summary>
[Collection("loop devices")]
public sealed class NamespaceTests : IDisposable
{
    private const string Local = "plugboard~local";
    private const string Root = "/var/lib/flexvolume/local";
    private const string OfTeamB = "\"kubernetes.io/pod.namespace\":\"team-b\"";
    private static readonly string installer = $"{PluginDirectory.Ours}/installer";

    private readonly FlexNode node = new();

    [KernelTheory]
    [InlineData("\"path\":\"team-a/data\"")]
    [InlineData("\"path\":\"team-a/new\",\"create\":\"true\"")]
    [InlineData("\"path\":\".\"")]
    [InlineData("\"path\":\"/var/lib/flexvolume/local\"")]
    [InlineData("\"path\":\"/var/lib/flexvolume/local/team-a/data\"")]
    [InlineData("\"path\":\"team-b/../team-a/data\"")]
    [InlineData("\"path\":\".\",\"subPath\":\"team-a/data\"")]
    [InlineData("\"path\":\"team-b/link/data\"")]
    [InlineData("\"subPath\":\"link\"")]
    [InlineData("\"name\":\"../team-a/data\"")]
    [InlineData("\"path\":\"team\"")]
    public void A_directory_of_another_namespace_is_not_seen_and_none_is_made(string members)
    {
        node.Shell(
            $"mkdir -p {Root}/team-a/data {Root}/team-b/v; echo secret > {Root}/team-a/data/f; "
                + $"ln -s ../team-a {Root}/team-b/link; ln -s ../../team-a/data {Root}/team-b/v/link"
        );
        var before = node.Shell($"find {Root} | sort");
        Assert.Equal("Failure", node.TryMount(Local, members, more: OfTeamB).Status);
        Assert.Null(node.Top(FlexNode.PodDirectory(Local, "v")));
        Assert.Equal(before, node.Shell($"find {Root} | sort"));
    }

    [KernelFact]
    public void A_pod_gets_its_own_namespaces_directories()
    {
        node.Mount(Local, "\"path\":\"team-b/a\",\"create\":\"true\"", "one", OfTeamB);
        node.Mount(Local, $"\"path\":\"{Root}/team-b/a\"", "two", OfTeamB);
        node.Mount(Local, "\"path\":\"team-b\"", "three", OfTeamB);
        node.TryMount(Local, "\"path\":\"team-a/data\"", more: OfTeamB)
            .Failed(
                $"local: {Root}/team-a/data is not in {Root}/team-b, the directory of the pod's namespace; use a path below {Root}/team-b, "
                    + "or let the node config share the roots with all namespaces (\"shared\": true)"
            );
    }

    [KernelFact]
    public void A_call_by_hand_reports_that_the_namespace_is_missing() =>
        node.TryMount(Local, "\"path\":\"team-a/data\"", more: "\"kubernetes.io/pod.namespace\":\"\"")
            .Failed(
                "local: the pod's namespace is unknown, but a pod gets only its namespace's directory; "
                    + "kubelet passes it as \"kubernetes.io/pod.namespace\": by hand add that to the options, "
                    + "or let the node config share the roots (\"shared\": true)"
            );

    [KernelTheory]
    [InlineData(Local, "\"path\":\"common/data\",\"create\":\"true\"")]
    [InlineData("plugboard~loop", "\"file\":\"common.img\",\"size\":\"16Mi\"")]
    public void What_was_mounted_before_there_was_a_border_stays_until_it_is_unmounted(string driver, string members)
    {
        node.Shell(
            $"mount -t tmpfs log /var/log; mkdir -p /var/log/pods/ns_web_{FlexNode.Uid}; "
                + $"echo '{{\"shared\":true}}' > /etc/flexvolume/{driver}.json"
        );
        var target = node.Mount(driver, members);
        node.Shell($"echo kept > {target}/file; rm /etc/flexvolume/{driver}.json");
        var list = node.Run([installer, "flexvolume", "list"]);
        Assert.Equal(1, list.ExitCode);
        Assert.StartsWith($"of another namespace\t{driver.Replace('~', '/')}\t", list.Output, StringComparison.Ordinal);
        // kubelet asks again after its own restart.
        node.TryMount(driver, members).Succeeded();
        Assert.Equal("kept", node.Shell($"cat {target}/file"));
        Assert.Single(node.LayersOn(target));
        Assert.Contains("the directory of the pod's namespace", node.TryMount(driver, members, "second").Message, StringComparison.Ordinal);
        node.Unmount(driver).Succeeded();
        Assert.Null(node.Top(target));
        Assert.Contains("the directory of the pod's namespace", node.TryMount(driver, members).Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void List_names_nothing_that_is_the_pods_own_or_whose_pod_is_not_known()
    {
        node.Shell(
            "mount -t tmpfs log /var/log; mkdir /run/data; " + "echo '{\"roots\":[\"/run/data\"]}' > /etc/flexvolume/plugboard~local.json"
        );
        node.Mount(Local, "");
        Assert.StartsWith("ok\t", node.Shell($"{installer} flexvolume list"), StringComparison.Ordinal);
        node.Shell($"mkdir -p /var/log/pods/ns_web_{FlexNode.Uid}");
        Assert.StartsWith("ok\t", node.Shell($"{installer} flexvolume list"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Another_namespaces_image_is_not_mounted()
    {
        node.Mount("plugboard~loop", "\"file\":\"ns/a.img\",\"size\":\"16Mi\"");
        Assert.Contains(
            "is not in /var/lib/flexvolume/loop/team-b",
            node.TryMount("plugboard~loop", "\"file\":\"ns/a.img\"", "second", OfTeamB).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "is not in /var/lib/flexvolume/loop/team-b",
            node.TryMount("plugboard~loop", "\"file\":\"ns/b.img\",\"size\":\"16Mi\"", "second", OfTeamB).Message,
            StringComparison.Ordinal
        );
        Assert.Equal("a.img", node.Shell("ls /var/lib/flexvolume/loop/ns"));
        node.Unmount("plugboard~loop").Succeeded();
    }

    [KernelFact]
    public void A_root_that_cannot_be_made_is_told_from_one_that_is_missing()
    {
        node.Shell("mkdir -p /var/lib/flexvolume; mount -t tmpfs -o ro full /var/lib/flexvolume");
        node.TryMount(Local, "").Failed("local: cannot open the allowed root /var/lib/flexvolume/local: EROFS: read-only file system");
    }

    [KernelFact]
    public void Check_asks_for_a_pod_of_any_namespace()
    {
        Assert.Equal(1, node.Run([installer, "flexvolume", "check", "--driver", "plugboard/local", "{\"path\":\"team-a/x\"}"]).ExitCode);
        Assert.StartsWith(
            $"bind {Root}/team-a/x on ",
            node.Shell($"{installer} flexvolume check --driver plugboard/local --namespace team-a '{{\"path\":\"team-a/x\"}}'"),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            $"bind {Root}/team-a/x on ",
            node.Shell(
                $"{installer} flexvolume check --driver plugboard/local '{{\"path\":\"team-a/x\","
                    + $"\"kubernetes.io/pod.namespace\":\"team-a\"}}'"
            ),
            StringComparison.Ordinal
        );
    }

    public void Dispose() => node.Dispose();
}
