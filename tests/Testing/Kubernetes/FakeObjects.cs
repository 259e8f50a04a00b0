using System.Text.Json.Nodes;

namespace Plugboard.Testing.Kubernetes;

/// <summary>Pods, Namespaces and NetworkPolicies as an API has them, with unused data.</summary>
public static class FakeObjects
{
    /// <summary>A running Pod.</summary>
    /// <param name="name"><c>namespace/name</c>.</param>
    /// <param name="node">Its node.</param>
    /// <param name="address">Its address; null: none yet.</param>
    /// <param name="labels">Its labels, as <c>app=web</c>.</param>
    public static JsonObject Pod(string name, string node, string? address, params string[] labels) =>
        new()
        {
            ["kind"] = "Pod",
            ["apiVersion"] = "v1",
            ["metadata"] = Metadata(name, labels),
            ["spec"] = new JsonObject
            {
                ["nodeName"] = node,
                ["serviceAccountName"] = "default",
                ["volumes"] = new JsonArray(
                    new JsonObject
                    {
                        ["name"] = "token",
                        ["projected"] = new JsonObject { ["defaultMode"] = 420 },
                    }
                ),
                ["containers"] = new JsonArray(
                    new JsonObject
                    {
                        ["name"] = "c",
                        ["image"] = "registry.example/app:1",
                        ["env"] = new JsonArray(new JsonObject { ["name"] = "A", ["value"] = "{\"status\":{\"podIP\":\"192.0.2.1\"}}" }),
                        ["ports"] = new JsonArray(
                            new JsonObject
                            {
                                ["name"] = "web",
                                ["containerPort"] = 8080,
                                ["protocol"] = "TCP",
                            }
                        ),
                    }
                ),
            },
            ["status"] = new JsonObject
            {
                ["phase"] = address is null ? "Pending" : "Running",
                ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True" }),
                ["hostIP"] = "192.0.2.9",
                ["podIP"] = address,
                ["podIPs"] = address is null ? null : new JsonArray(new JsonObject { ["ip"] = address }),
            },
        };

    /// <summary>A Namespace.</summary>
    public static JsonObject Namespace(string name, params string[] labels) =>
        new()
        {
            ["kind"] = "Namespace",
            ["apiVersion"] = "v1",
            ["metadata"] = Metadata(name, [.. labels, $"kubernetes.io/metadata.name={name}"]),
            ["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") },
            ["status"] = new JsonObject { ["phase"] = "Active" },
        };

    /// <summary>A NetworkPolicy with the JSON of its spec.</summary>
    public static JsonObject Policy(string name, string spec) =>
        new()
        {
            ["kind"] = "NetworkPolicy",
            ["apiVersion"] = "networking.k8s.io/v1",
            ["metadata"] = Metadata(name, []),
            ["spec"] = JsonNode.Parse(spec),
        };

    /// <summary>A ClusterNetworkPolicy with the JSON of its spec.</summary>
    public static JsonObject ClusterPolicy(string name, string spec) =>
        new()
        {
            ["kind"] = "ClusterNetworkPolicy",
            ["apiVersion"] = "policy.networking.k8s.io/v1alpha2",
            ["metadata"] = Metadata(name, []),
            ["spec"] = JsonNode.Parse(spec),
        };

    private static JsonObject Metadata(string name, string[] labels)
    {
        var metadata = new JsonObject { ["name"] = name.Split('/')[^1] };
        if (name.Contains('/', StringComparison.Ordinal))
            metadata["namespace"] = name.Split('/')[0];
        metadata["creationTimestamp"] = "2024-05-06T07:08:09Z";
        if (labels.Length > 0)
            metadata["labels"] = new JsonObject(
                labels.Select(static label => new KeyValuePair<string, JsonNode?>(label.Split('=')[0], label.Split('=')[1]))
            );
        metadata["annotations"] = new JsonObject { ["kubectl.kubernetes.io/last-applied-configuration"] = "{\"spec\":{}}" };
        metadata["managedFields"] = new JsonArray(
            new JsonObject
            {
                ["manager"] = "kubectl",
                ["fieldsV1"] = new JsonObject { ["f:metadata"] = new JsonObject { ["."] = new JsonObject() } },
            }
        );
        return metadata;
    }
}
