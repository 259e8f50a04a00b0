using System.Text.Json.Nodes;

namespace Plugboard.Testing.Kubernetes;

/// <summary>A Node as an API has it, with unused data: images, other conditions, other annotations.</summary>
public static class FakeNode
{
    /// <summary>Makes one.</summary>
    public static JsonObject Create(string name, string[] podCidrs, string address) =>
        new()
        {
            ["kind"] = "Node",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["uid"] = $"uid-of-{name}",
                ["creationTimestamp"] = "2024-05-06T07:08:09Z",
                ["labels"] = new JsonObject { ["kubernetes.io/hostname"] = name, ["name"] = "no-name-of-a-node" },
                ["annotations"] = new JsonObject
                {
                    ["volumes.kubernetes.io/controller-managed-attach-detach"] = "true",
                    ["other.example/public-ip"] = "203.0.113.9",
                },
            },
            ["spec"] = Spec(podCidrs),
            ["status"] = new JsonObject
            {
                ["addresses"] = new JsonArray(
                    new JsonObject { ["type"] = "ExternalIP", ["address"] = "203.0.113.7" },
                    new JsonObject { ["type"] = "InternalIP", ["address"] = address },
                    new JsonObject { ["type"] = "Hostname", ["address"] = name }
                ),
                ["conditions"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Ready",
                        ["status"] = "True",
                        ["reason"] = "KubeletReady",
                        ["message"] = "ok",
                    }
                ),
                ["images"] = new JsonArray(
                    new JsonObject { ["names"] = new JsonArray("registry.example/pause:3.9"), ["sizeBytes"] = 321520 }
                ),
            },
        };

    private static JsonObject Spec(string[] podCidrs)
    {
        var spec = new JsonObject();
        if (podCidrs.Length > 0)
        {
            spec["podCIDR"] = podCidrs[0];
            spec["podCIDRs"] = new JsonArray([.. podCidrs.Select(cidr => (JsonNode)cidr)]);
        }

        return spec;
    }
}
