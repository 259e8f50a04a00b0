using System.Text.Json.Nodes;

namespace Plugboard.Tests.EndToEnd.Deploy;

/// <summary>
/// Kubernetes' strategic merge, as far as the patches in deploy/ use it: mappings are merged, lists of named things by their name, other
/// lists replaced.
/// </summary>
internal static class StrategicMerge
{
    /// <summary>Puts a patch into an object.</summary>
    public static void Apply(JsonObject target, JsonObject patch)
    {
        foreach (var (key, value) in patch)
        {
            switch (value, target[key])
            {
                case (null, _):
                    target.Remove(key);
                    break;
                case (JsonObject mapping, JsonObject present):
                    Apply(present, mapping);
                    break;
                case (JsonArray list, JsonArray present) when KeyOf(key) is { } identity:
                    Apply(present, list, identity);
                    break;
                default:
                    target[key] = value.DeepClone();
                    break;
            }
        }
    }

    // Source: the patchMergeKey tags of k8s.io/api/core/v1, types.go.
    private static string? KeyOf(string list) =>
        list switch
        {
            "containers" or "initContainers" or "volumes" or "env" => "name",
            "volumeMounts" => "mountPath",
            _ => null,
        };

    private static void Apply(JsonArray target, JsonArray patch, string identity)
    {
        foreach (var item in patch.Select(static item => item!.AsObject()))
        {
            var present = target.FirstOrDefault(other => (string?)other![identity] == (string?)item[identity]);
            if ((string?)item["$patch"] == "delete")
                target.Remove(present ?? throw new FormatException($"the patch deletes {item[identity]}, which is not there"));
            else if (present is null)
                target.Add(item.DeepClone());
            else
                Apply(present.AsObject(), item);
        }
    }
}
