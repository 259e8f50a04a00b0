using System.Globalization;
using System.Text.Json.Nodes;
using Plugboard.Linux.Namespaces;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>
/// What pods have in a node's rules: elements, chains of their own, records, and what the kernel remembers of UDP clients; a fact a line.
/// </summary>
internal static class RuleState
{
    /// <summary>The facts now, those of what vanishes with the kernel's next tick left out.</summary>
    public static IReadOnlyList<string> Of(CniNode node)
    {
        var facts = Read(node);
        for (var i = 0; i < 5 && facts.Any(static fact => fact.Contains("expires", StringComparison.Ordinal)); i++)
        {
            node.Tool("sleep 0.01");
            facts = Read(node);
        }

        return facts;
    }

    /// <summary>What <paramref name="later"/> lacks (<c>-</c>) or has more (<c>+</c>).</summary>
    public static IEnumerable<string> Difference(IReadOnlyList<string> before, IReadOnlyList<string> later) =>
        [.. before.Except(later).Select(static fact => "- " + fact), .. later.Except(before).Select(static fact => "+ " + fact)];

    private static List<string> Read(CniNode node)
    {
        var facts = new List<string>();
        foreach (var item in JsonNode.Parse(node.Tool("nft -j list ruleset"))!["nftables"]!.AsArray())
            AddItem(facts, (JsonObject)item!);
        facts.AddRange(node.Run(Records));
        facts.AddRange(node.Tool("conntrack -L -p udp -o extended").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(FlowOf));
        return facts;
    }

    // The node's own part, its links that localhost is routed to among it, may stay.
    private static void AddItem(List<string> facts, JsonObject item)
    {
        if ((item["set"] ?? item["map"]) is JsonObject { } set && (string)set["name"]! != "localhost_links")
        {
            foreach (var element in set["elem"]?.AsArray() ?? [])
                facts.Add(
                    string.Create(CultureInfo.InvariantCulture, $"element of {set["table"]} {set["name"]}: {element!.ToJsonString()}")
                );
        }

        if (item["chain"] is JsonObject chain && ((string)chain["name"]!).StartsWith("pod_", StringComparison.Ordinal))
            facts.Add($"chain {chain["name"]}");
        if (item["rule"] is JsonObject rule && ((string)rule["chain"]!).StartsWith("pod_", StringComparison.Ordinal))
            facts.Add($"rule of {rule["chain"]}");
    }

    private static IEnumerable<string> Records() =>
        Directory.Exists("/run/plugboard")
            ?
            [
                .. Directory
                    .EnumerateFiles("/run/plugboard", "*", SearchOption.AllDirectories)
                    .Where(static path => !path.StartsWith(NamespaceLock.Directory, StringComparison.Ordinal))
                    .Select(static path => $"record {path}"),
            ]
            : [];

    // Without what counts down.
    private static string FlowOf(string line) =>
        "flow "
        + string.Join(
            ' ',
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(static word => word.Contains('=', StringComparison.Ordinal))
        );
}
