using System.Text.RegularExpressions;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Policy;

/// <summary>
/// Notes which senders' datagrams come to the forward hook before the policy's chains, and which come out of them: what is lost earlier
/// (a neighbour that is not resolved, a full backlog) or later is lost by the kernel, not by a policy.
/// </summary>
internal sealed partial class HookObserver
{
    private readonly CniNode node;

    private HookObserver(CniNode node) => this.node = node;

    /// <summary>Begins to look at datagrams to the port of <see cref="Sink"/>.</summary>
    public static HookObserver Start(CniNode node)
    {
        var text = "";
        foreach (var (name, priority) in new[] { ("before", -10), ("after", 10) })
            text +=
                $"add set inet observer {name} {{ type ipv4_addr; flags dynamic; size 65536; }}\n"
                + $"add chain inet observer at_{name} {{ type filter hook forward priority {priority}; }}\n"
                + $"add rule inet observer at_{name} udp dport 5353 add @{name} {{ ip saddr }}\n";
        var (exitCode, _, error) = node.TryTool(["nft", "-f", "-"], "add table inet observer\n" + text);
        Assert.True(exitCode == 0, error);
        return new HookObserver(node);
    }

    /// <summary>The addresses of which a datagram came to the policy.</summary>
    public IReadOnlySet<string> Before => Read("before");

    /// <summary>The addresses of which the policy let a datagram through.</summary>
    public IReadOnlySet<string> After => Read("after");

    private HashSet<string> Read(string set) =>
        Address()
            .Matches(node.Tool($"nft list set inet observer {set}"))
            .Select(static match => match.Value)
            .ToHashSet(StringComparer.Ordinal);

    [GeneratedRegex(@"\d+\.\d+\.\d+\.\d+")]
    private static partial Regex Address();
}
