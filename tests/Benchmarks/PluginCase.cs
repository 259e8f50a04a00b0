using System.Text.Json.Nodes;

namespace Plugboard.Benchmarks;

/// <summary>A plugin whose ADD and DEL are measured, and the ratios to the reference that are promised.</summary>
/// <param name="Type">The plugin.</param>
/// <param name="Keys">Its own keys, as JSON; <c>POD</c> is the pod's number.</param>
/// <param name="Add">The promised ratio of ADD.</param>
/// <param name="Del">The promised ratio of DEL.</param>
internal sealed record PluginCase(string Type, string Keys, double Add, double Del)
{
    /// <summary>It comes after <c>ptp</c>, whose time does not count.</summary>
    public bool IsChained { get; init; }

    /// <summary>Commands that give the node a device for each pod; <c>NODE</c> is its namespace, <c>POD</c> the pod's number.</summary>
    public string Device { get; init; } = "";

    /// <summary>All of them, in the order of the page.</summary>
    public static IReadOnlyList<PluginCase> All { get; } =
    [
        new("ptp", "{}", 0.25, 1.0),
        new("macvlan", """{"master":"wire"}""", 0.5, 1.0),
        new("ipvlan", """{"master":"wire"}""", 0.5, 1.0),
        new("vlan", """{"master":"wire","vlanId":POD}""", 0.5, 1.0),
        new("host-device", """{"device":"devPOD"}""", 1.0, 1.0) { Device = "link add devPOD type veth peer name farPOD" },
        new("tuning", """{"mtu":1400}""", 0.35, 0.5) { IsChained = true },
        new("bandwidth", """{"ingressRate":8000000,"ingressBurst":800000,"egressRate":16000000,"egressBurst":1600000}""", 0.10, 1.0)
        {
            IsChained = true,
        },
        new("sbr", "{}", 0.35, 0.5) { IsChained = true },
        new("firewall", """{"backend":"iptables"}""", 0.10, 0.6) { IsChained = true },
        new("vrf", """{"vrfname":"blue"}""", 0.5, 1.0) { IsChained = true },
    ];

    /// <summary>The chain's configs for a pod.</summary>
    /// <param name="dataDirectory">host-local's.</param>
    /// <param name="pod">The pod.</param>
    public IReadOnlyList<JsonObject> Chain(string dataDirectory, Pod pod)
    {
        var own = JsonNode.Parse(Keys.Replace("POD", pod.Number.ToString(), StringComparison.Ordinal))!.AsObject();
        own["cniVersion"] = "1.0.0";
        own["name"] = "bench";
        own["type"] = Type;
        if (IsChained)
            return
            [
                new JsonObject
                {
                    ["cniVersion"] = "1.0.0",
                    ["name"] = "bench",
                    ["type"] = "ptp",
                    ["ipam"] = Ipam(dataDirectory),
                },
                own,
            ];
        own["ipam"] = Ipam(dataDirectory);
        return [own];
    }

    private static JsonObject Ipam(string dataDirectory) =>
        new()
        {
            ["type"] = "host-local",
            ["dataDir"] = dataDirectory,
            ["ranges"] = new JsonArray(new JsonArray(new JsonObject { ["subnet"] = "10.88.0.0/16" })),
            ["routes"] = new JsonArray(new JsonObject { ["dst"] = "0.0.0.0/0" }),
        };
}
