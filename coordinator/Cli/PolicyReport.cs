using System.Globalization;
using System.Text;
using System.Text.Json;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Cli;

/// <summary>The pods of a node with the policies that isolate them. Pure.</summary>
/// <param name="Rows">The pods, by name.</param>
internal sealed record PolicyReport(IReadOnlyList<PolicyReport.Row> Rows)
{
    /// <summary>A pod; no policies: it is open in that direction.</summary>
    internal sealed record Row(PolicyPod Pod, ValueArray<ObjectName> Ingress, ValueArray<ObjectName> Egress)
    {
        /// <summary>The cluster policies with rules for what arrives, in the order in which they are asked.</summary>
        public IReadOnlyList<ClusterPolicy> ClusterIngress { get; init; } = [];

        /// <summary>The same for what it sends.</summary>
        public IReadOnlyList<ClusterPolicy> ClusterEgress { get; init; } = [];
    }

    // Without cluster policies there are no columns for them.
    private bool HasCluster => Rows.Any(static row => row.ClusterIngress.Count + row.ClusterEgress.Count > 0);

    /// <summary>The pods of a node that have an address of their own.</summary>
    public static PolicyReport Of(PolicyObjects objects, string nodeName)
    {
        var oracle = new PolicyOracle(objects);
        return new PolicyReport([
            .. objects
                .Pods.Values.Where(pod => pod.NodeName == nodeName && pod.IsOnNetwork)
                .OrderBy(static pod => pod.Name, ObjectName.Order)
                .Select(pod => new Row(
                    pod,
                    oracle.FindIsolating(pod, PolicyDirection.Ingress),
                    oracle.FindIsolating(pod, PolicyDirection.Egress)
                )
                {
                    ClusterIngress = Selecting(oracle, pod, PolicyDirection.Ingress),
                    ClusterEgress = Selecting(oracle, pod, PolicyDirection.Egress),
                }),
        ]);
    }

    private static IReadOnlyList<ClusterPolicy> Selecting(PolicyOracle oracle, PolicyPod pod, PolicyDirection direction) =>
        [.. Enum.GetValues<PolicyTier>().SelectMany(tier => oracle.Selecting(pod, tier, direction))];

    /// <summary>A table.</summary>
    public string ToText()
    {
        if (Rows.Count == 0)
            return "no pod of this node has an address\n";
        var hasCluster = HasCluster;
        string[] head = ["POD", "ADDRESSES", "INGRESS", "EGRESS", .. hasCluster ? new[] { "CLUSTER-INGRESS", "CLUSTER-EGRESS" } : []];
        var lines = Rows.Select(row =>
            (string[])
                [
                    row.Pod.Name.ToString(),
                    string.Join(',', row.Pod.Addresses),
                    Words(row.Ingress),
                    Words(row.Egress),
                    .. hasCluster ? new[] { Words(row.ClusterIngress), Words(row.ClusterEgress) } : [],
                ]
        );
        var all = lines.Prepend(head).ToList();
        var widths = Enumerable.Range(0, head.Length).Select(column => all.Max(line => line[column].Length)).ToList();
        var text = new StringBuilder();
        foreach (var line in all)
            text.Append(string.Join("  ", line.Select((word, column) => word.PadRight(widths[column]))).TrimEnd()).Append('\n');
        return text.ToString();
    }

    private static string Words(ValueArray<ObjectName> policies) =>
        policies.Count == 0 ? "open" : string.Join(',', policies.Select(static policy => policy.Name));

    private static string Words(IReadOnlyList<ClusterPolicy> policies) =>
        policies.Count == 0
            ? "none"
            : string.Join(
                ',',
                policies.Select(static policy =>
                    string.Create(CultureInfo.InvariantCulture, $"{policy.Tier}/{policy.Priority}/{policy.Name}")
                )
            );

    /// <summary>A JSON array.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (var row in Rows)
            {
                json.WriteStartObject();
                json.WriteString("namespace", row.Pod.Name.Namespace);
                json.WriteString("name", row.Pod.Name.Name);
                Write(json, "addresses", row.Pod.Addresses.Select(static address => address.ToString()));
                Write(json, "ingress", row.Ingress.Select(static policy => policy.Name));
                Write(json, "egress", row.Egress.Select(static policy => policy.Name));
                if (HasCluster)
                {
                    Write(json, "clusterIngress", row.ClusterIngress);
                    Write(json, "clusterEgress", row.ClusterEgress);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<ClusterPolicy> policies)
    {
        json.WriteStartArray(name);
        foreach (var policy in policies)
        {
            json.WriteStartObject();
            json.WriteString("name", policy.Name);
            json.WriteString("tier", policy.Tier.ToString());
            json.WriteNumber("priority", policy.Priority);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
