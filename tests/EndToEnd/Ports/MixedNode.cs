using System.Text.RegularExpressions;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>
/// A node on which bridge with ipMasq, and portmap, are now ours and now the reference's. iptables is the one that writes nftables, or the
/// legacy one where a test says so; of both whatever is left is found.
/// </summary>
internal sealed partial class MixedNode : IDisposable
{
    private readonly PortNode node;
    private readonly EchoServer outside;

    /// <summary>Makes the node.</summary>
    /// <param name="version">The configs' version.</param>
    /// <param name="isLegacy">True: <c>iptables</c> is iptables-legacy.</param>
    /// <param name="backend">The backend of ours; empty: not given.</param>
    public MixedNode(string version = "1.0.0", bool isLegacy = false, string backend = "")
    {
        node = new PortNode(
            portmap =>
            {
                if (backend.Length > 0)
                    portmap["backend"] = backend;
            },
            bridge =>
            {
                bridge["ipMasq"] = true;
                if (backend.Length > 0)
                    bridge["ipMasqBackend"] = backend;
            }
        );
        Chain = new CniChain(node.Node, "test", node.Bridge, node.Portmap)
        {
            CniVersion = version,
            Variables = isLegacy ? [$"PATH={LegacyTools()}:/usr/sbin:/usr/bin:/sbin:/bin"] : [],
        };
        // The reference's bridge asks around for its gateway's twin, for two seconds.
        node.Node.TryTool(["sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad"]);
        outside = EchoServer.Tcp(node.Other, 80);
    }

    /// <summary>Both plugins.</summary>
    public CniChain Chain { get; }

    /// <summary>The node.</summary>
    public CniNode Node => node.Node;

    /// <summary>The node with its neighbour.</summary>
    public PortNode Ports => node;

    private string LegacyTools()
    {
        var directory = Directory.CreateDirectory(Path.Combine(node.Node.Directory, "legacy")).FullName;
        foreach (var family in (ReadOnlySpan<string>)["iptables", "ip6tables"])
        {
            foreach (var verb in (ReadOnlySpan<string>)["", "-save", "-restore"])
                File.CreateSymbolicLink(Path.Combine(directory, family + verb), $"/usr/sbin/{family}-legacy{verb}");
        }

        return directory;
    }

    /// <summary>The two ports of a pod: TCP and UDP of one number.</summary>
    public static string[] PortsOf(int port) => [$"{port}:80", $"{port}:80/udp"];

    /// <summary>From here on the executables are ours or the reference's.</summary>
    public void Use(bool ours) => node.Node.Plugins = ours ? PluginDirectory.Ours : PluginDirectory.Reference;

    /// <summary>A pod with two ports that answers.</summary>
    public CniPod Add(int port)
    {
        var pod = node.Node.AddPod();
        Chain.Add(pod, PortNode.Ports(PortsOf(port))).Succeeded();
        node.Serve(pod);
        return pod;
    }

    /// <summary>Ends a pod.</summary>
    public void Delete(CniPod pod, int port) => Chain.Del(pod, PortNode.Ports(PortsOf(port))).Succeeded();

    /// <summary>
    /// Fails the test unless all that a pod is owed works: its ports in both families, and the node's address for what it sends.
    /// </summary>
    public void AssertWorks(CniPod pod, int port)
    {
        Assert.Equal("192.0.2.2", node.Other.AskTcp($"192.0.2.1:{port}"));
        Assert.Equal("192.0.2.2", node.Other.AskUdp($"192.0.2.1:{port}"));
        Assert.Equal("fd00:9::2", node.Other.AskTcp($"[fd00:9::1]:{port}"));
        Assert.Equal("10.1.0.1", node.Node.AskTcp($"127.0.0.1:{port}"));
        Assert.Equal("192.0.2.1", pod.AskTcp("192.0.2.2:80"));
        Assert.Equal("fd00:9::1", pod.AskTcp("[fd00:9::2]:80"));
    }

    /// <summary>Fails the test where a port leads anywhere.</summary>
    public void AssertClosed(int port)
    {
        Assert.Equal("refused", node.Other.AskTcp($"192.0.2.1:{port}"));
        Assert.Equal("refused", node.Other.AskTcp($"[fd00:9::1]:{port}"));
    }

    /// <summary>The chains of pods, and the rules that name one, which any iptables or nft shows; empty where no pod has any.</summary>
    public IReadOnlyList<string> PodChains()
    {
        string[] tools = ["iptables-nft-save", "ip6tables-nft-save", "iptables-legacy-save", "ip6tables-legacy-save", "nft list ruleset"];
        return
        [
            .. tools.SelectMany(tool =>
                node.Node.Tool(tool)
                    .Split('\n')
                    .Where(static line => PodChain().IsMatch(line))
                    .Select(line => $"{tool}: {Counter().Replace(line, "")}")
            ),
        ];
    }

    [GeneratedRegex("CNI-(DN-|SN-)?[0-9a-f]{16}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PodChain();

    [GeneratedRegex("packets [0-9]+ bytes [0-9]+", RegexOptions.None, 1000)]
    private static partial Regex Counter();

    public void Dispose()
    {
        outside.Dispose();
        node.Dispose();
    }
}
