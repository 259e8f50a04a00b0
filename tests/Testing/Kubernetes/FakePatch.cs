using System.Globalization;
using System.Text.Json.Nodes;

namespace Plugboard.Testing.Kubernetes;

/// <summary>The two kinds of patches that the API takes here.</summary>
internal static class FakePatch
{
    /// <summary>Strategic merge: objects by their names, null takes away, conditions by their type.</summary>
    public static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
                target.Remove(name);
            else if (name == "conditions")
                MergeByType(target[name]!.AsArray(), value.AsArray());
            else if (value is JsonObject inner && target[name] is JsonObject known)
                Merge(known, inner);
            else
                target[name] = value.DeepClone();
        }
    }

    private static void MergeByType(JsonArray target, JsonArray patch)
    {
        foreach (var item in patch)
        {
            if (target.FirstOrDefault(known => (string?)known!["type"] == (string?)item!["type"]) is JsonObject known)
                Merge(known, item!.AsObject());
            else
                target.Add(item!.DeepClone());
        }
    }

    /// <summary>JSON patch: test and remove.</summary>
    public static void Apply(JsonObject target, JsonArray operations)
    {
        foreach (var operation in operations)
        {
            var path = ((string)operation!["path"]!).Split('/')[1..];
            var holder = path[..^1].Aggregate((JsonNode?)target, Step);
            if ((string?)operation["op"] == "remove")
                Remove(holder, path[^1]);
            else if (!JsonNode.DeepEquals(Step(holder, path[^1]), operation["value"]))
                throw new InvalidOperationException($"the test of {operation["path"]} failed");
        }
    }

    private static JsonNode? Step(JsonNode? at, string name) =>
        at switch
        {
            JsonArray array when int.Parse(name, CultureInfo.InvariantCulture) is var i && i < array.Count => array[i],
            JsonObject map => map[name],
            _ => null,
        };

    private static void Remove(JsonNode? holder, string name)
    {
        if (holder is JsonArray array)
            array.RemoveAt(int.Parse(name, CultureInfo.InvariantCulture));
        else
            holder!.AsObject().Remove(name);
    }
}
