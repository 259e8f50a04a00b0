using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Flannel;

/// <summary>
/// A node whose pods are connected by our flannel and a bridge of a test's choice, with the daemon's file and directories of its own.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class FlannelNode : IDisposable
{
    public const string DualStack = """
        FLANNEL_NETWORK=10.244.0.0/16
        FLANNEL_SUBNET=10.244.1.1/24
        FLANNEL_IPV6_NETWORK=2001:cafe:42::/56
        FLANNEL_IPV6_SUBNET=2001:cafe:42:1::1/64
        FLANNEL_MTU=1450
        FLANNEL_IPMASQ=true

        """;

    private readonly string delegates;

    /// <summary>Makes it.</summary>
    /// <param name="delegates">The directory of bridge and host-local; ours where it is not given.</param>
    public FlannelNode(string? delegates = null)
    {
        this.delegates = delegates ?? PluginDirectory.Ours;
        Node = new CniNode();
        Node.Plugins = Directory.CreateDirectory(Path.Combine(Node.Directory, "bin")).FullName;
        Link("flannel", Path.Combine(PluginDirectory.Ours, "flannel"));
        RestoreDelegate();
        Link("host-local", Path.Combine(this.delegates, "host-local"));
        File.WriteAllText(SubnetFile, DualStack);
    }

    public CniNode Node { get; }

    /// <summary>The daemon's file.</summary>
    public string SubnetFile => Path.Combine(Node.Directory, "subnet.env");

    /// <summary>flannel's <c>dataDir</c>.</summary>
    public string StateDirectory => Path.Combine(Node.Directory, "flannel");

    /// <summary>The names of the files of attachments.</summary>
    public IReadOnlyList<string> States =>
        Directory.Exists(StateDirectory)
            ?
            [
                .. Directory
                    .GetFileSystemEntries(StateDirectory)
                    .Select(static path => Path.GetFileName(path))
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>The usual config, changed by a merge patch.</summary>
    public JsonObject Config(string patch = "{}") =>
        new JsonObject
        {
            ["cniVersion"] = "1.0.0",
            ["name"] = "cbr0",
            ["type"] = "flannel",
            ["subnetFile"] = SubnetFile,
            ["dataDir"] = StateDirectory,
            ["ipam"] = new JsonObject { ["dataDir"] = Node.DataDirectory },
            ["delegate"] = new JsonObject { ["hairpinMode"] = true, ["isDefaultGateway"] = true },
        }.With(patch);

    /// <summary>The config that the reference calls the bridge with, and keeps.</summary>
    public JsonObject DelegateConfig(string patch = "{}") =>
        new JsonObject
        {
            ["cniVersion"] = "1.0.0",
            ["hairpinMode"] = true,
            ["ipMasq"] = false,
            ["ipam"] = new JsonObject
            {
                ["dataDir"] = Node.DataDirectory,
                ["ranges"] = new JsonArray(
                    new JsonArray(new JsonObject { ["subnet"] = "10.244.1.0/24" }),
                    new JsonArray(new JsonObject { ["subnet"] = "2001:cafe:42:1::/64" })
                ),
                ["routes"] = new JsonArray(new JsonObject { ["dst"] = "10.244.0.0/16" }, new JsonObject { ["dst"] = "2001:cafe:42::/56" }),
                ["type"] = "host-local",
            },
            ["isDefaultGateway"] = true,
            ["isGateway"] = true,
            ["mtu"] = 1450,
            ["name"] = "cbr0",
            ["type"] = "bridge",
        }.With(patch);

    /// <summary>
    /// Attaches a pod as the reference does: keeps the config under the container's id, whatever is there, and calls the bridge.
    /// </summary>
    public void AddAsReference(CniPod pod, JsonObject delegated)
    {
        Directory.CreateDirectory(StateDirectory);
        File.WriteAllText(Path.Combine(StateDirectory, pod.ContainerId), delegated.ToJsonString());
        Node.CallBeside("ADD", pod, delegated).Succeeded();
    }

    /// <summary>The bridge is a script from now on.</summary>
    public void ReplaceDelegate(string script)
    {
        var path = Path.Combine(Node.Plugins, "bridge");
        File.Delete(path);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The bridge is itself again.</summary>
    public void RestoreDelegate() => Link("bridge", Path.Combine(delegates, "bridge"));

    /// <summary>Fails the test unless nothing of any pod is left: no port, no lease, no file.</summary>
    public void AssertClean(string network = "cbr0")
    {
        Assert.Equal("", Node.Tool("ip -brief link show type veth"));
        Assert.Empty(Node.Leases(network));
        Assert.Empty(States);
    }

    public void Dispose() => Node.Dispose();

    private void Link(string name, string target)
    {
        var path = Path.Combine(Node.Plugins, name);
        File.Delete(path);
        File.CreateSymbolicLink(path, target);
    }
}
