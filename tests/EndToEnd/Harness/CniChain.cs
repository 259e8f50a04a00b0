using System.Text.Json.Nodes;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>
/// A network of several plugins, called as the CNI library calls a conflist: ADD in order, each with the result of the one before; DEL in
/// the reverse order.
/// </summary>
internal sealed class CniChain(CniNode node, string name, params JsonObject[] plugins)
{
    /// <summary>The network configs' version.</summary>
    public string CniVersion { get; init; } = "1.0.0";

    /// <summary>Environment variables that differ in all calls, <c>NAME=value</c>.</summary>
    public string[] Variables { get; init; } = [];

    /// <summary>Attaches a pod; the last plugin's result is kept in it.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="ports">What runtimeConfig.portMappings says; null: nothing.</param>
    public CniOutput Add(CniPod pod, JsonArray? ports = null)
    {
        CniOutput output = new(0, "", "");
        JsonNode? result = null;
        foreach (var plugin in plugins)
        {
            var config = Config(plugin, ports);
            if (result is not null)
                config["prevResult"] = result.DeepClone();
            output = node.CallBeside("ADD", pod, config, Variables);
            if (output.ExitCode != 0)
                return output;
            result = pod.Result = output.Json;
        }

        return output;
    }

    /// <summary>Detaches a pod; the first plugin that fails ends it.</summary>
    public CniOutput Del(CniPod pod, JsonArray? ports = null) => Each("DEL", pod, ports, Enumerable.Reverse(plugins));

    /// <summary>Checks a pod; the first plugin that fails ends it.</summary>
    public CniOutput Check(CniPod pod, JsonArray? ports = null) => Each("CHECK", pod, ports, plugins);

    /// <summary>Has what belongs to no pod of <paramref name="valid"/> collected.</summary>
    public CniOutput Gc(params CniPod[] valid)
    {
        CniOutput output = new(0, "", "");
        foreach (var plugin in plugins)
        {
            var config = Config(plugin, null);
            config["cniVersion"] = "1.1.0";
            config["cni.dev/valid-attachments"] = new JsonArray([
                .. valid.Select(static pod => new JsonObject { ["containerID"] = pod.ContainerId, ["ifname"] = pod.IfName }),
            ]);
            output = node.CallBeside("GC", null, config, Variables);
            if (output.ExitCode != 0)
                return output;
        }

        return output;
    }

    /// <summary>The config of one plugin, as the library makes it.</summary>
    public JsonObject Config(JsonObject plugin, JsonArray? ports)
    {
        var config = (JsonObject)plugin.DeepClone();
        config["cniVersion"] = CniVersion;
        config["name"] = name;
        if (ports is not null && config["capabilities"]?["portMappings"] is not null)
            config["runtimeConfig"] = new JsonObject { ["portMappings"] = ports.DeepClone() };
        return config;
    }

    private CniOutput Each(string verb, CniPod pod, JsonArray? ports, IEnumerable<JsonObject> order)
    {
        CniOutput output = new(0, "", "");
        foreach (var plugin in order)
        {
            output = node.CallBeside(verb, pod, Config(plugin, ports), Variables);
            if (output.ExitCode != 0)
                return output;
        }

        return output;
    }
}
