using System.Text.Json.Nodes;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Deploy;

/// <summary>
/// What <c>kubectl apply -k</c> sends, but for the digests at the end of generated names: as much of kustomize as deploy/ uses. Any other
/// word in a kustomization is an error.
/// </summary>
internal static class Kustomization
{
    /// <summary>The folders that are applied.</summary>
    public static IReadOnlyList<string> Overlays { get; } =
    [
        .. Directory
            .GetDirectories(Path.Combine(PluginDirectory.Root, "deploy/overlays"))
            .Select(static path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>An overlay's objects.</summary>
    public static IReadOnlyList<JsonObject> Overlay(string name) => Build(Path.Combine(PluginDirectory.Root, "deploy/overlays", name));

    /// <summary>A folder's objects.</summary>
    public static IReadOnlyList<JsonObject> Build(string directory)
    {
        var objects = new List<JsonObject>();
        Accumulate(directory, objects);
        return objects;
    }

    private static void Accumulate(string directory, List<JsonObject> objects)
    {
        var file = Assert.Single(YamlFile.Read(Path.Combine(directory, "kustomization.yaml")));
        foreach (var resource in Strings(file, "resources").Select(name => Path.GetFullPath(name, directory)))
        {
            if (Directory.Exists(resource))
                Accumulate(resource, objects);
            else
                objects.AddRange(YamlFile.Read(resource));
        }

        foreach (var generator in Items(file, "configMapGenerator"))
            objects.Add(ConfigMap(directory, generator));
        foreach (var component in Strings(file, "components"))
            Accumulate(Path.GetFullPath(component, directory), objects);
        foreach (var patch in Items(file, "patches").SelectMany(item => YamlFile.Read(Path.Combine(directory, (string)item["path"]!))))
            StrategicMerge.Apply(Assert.Single(objects, item => IdentityOf(item) == IdentityOf(patch)), patch);
        string[] known = ["apiVersion", "kind", "resources", "components", "patches", "configMapGenerator"];
        Assert.Empty(file.Select(static pair => pair.Key).Except(known));
    }

    /// <summary>An object's kind, namespace and name.</summary>
    public static string IdentityOf(JsonObject item) => $"{item["kind"]} {item["metadata"]!["namespace"]}/{item["metadata"]!["name"]}";

    private static JsonObject ConfigMap(string directory, JsonObject generator)
    {
        // kustomize reads no file outside of the folder, not by a symbolic link either.
        var files = Strings(generator, "files").ToList();
        Assert.All(files, file => Assert.Null(new FileInfo(Path.Combine(directory, file)).LinkTarget));
        Assert.All(files, static file => Assert.Equal(Path.GetFileName(file), file));
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject
            {
                ["name"] = generator["name"]!.DeepClone(),
                ["namespace"] = generator["namespace"]!.DeepClone(),
            },
            ["data"] = new JsonObject(
                files.Select(file => KeyValuePair.Create(file, (JsonNode?)File.ReadAllText(Path.Combine(directory, file))))
            ),
        };
    }

    private static IEnumerable<string> Strings(JsonObject item, string key) =>
        (item[key]?.AsArray() ?? []).Select(static value => (string)value!);

    private static IEnumerable<JsonObject> Items(JsonObject item, string key) =>
        (item[key]?.AsArray() ?? []).Select(static value => value!.AsObject());
}
