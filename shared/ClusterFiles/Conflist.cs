using System.Text.Json;
using Plugboard.Protocols.Cni;

namespace Plugboard.ClusterFiles;

/// <summary>A network config as a runtime reads it from its directory: which plugins it calls, and by which version of the protocol. Pure.</summary>
public sealed class Conflist
{
    private Conflist(byte[] content, string name, string cniVersion, IReadOnlyList<string> types)
    {
        Content = content;
        Name = name;
        CniVersion = cniVersion;
        Types = types;
    }

    /// <summary>The text.</summary>
    public byte[] Content { get; }

    /// <summary>The network's name.</summary>
    public string Name { get; }

    /// <summary>The version that a runtime will speak: the highest of <c>cniVersions</c> that is known, else <c>cniVersion</c>.</summary>
    public string CniVersion { get; }

    /// <summary>Every plugin that is called, each once: those of the list, their IPAM plugins, and flannel's delegate.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>Reads the text.</summary>
    /// <param name="content">The text.</param>
    /// <param name="path">Where it is from, for errors.</param>
    /// <exception cref="ConflistException">It is no conflist.</exception>
    public static Conflist Parse(byte[] content, string path)
    {
        try
        {
            var config = NetworkConfig.Parse(content);
            var types = new List<string>();
            var plugins = config.Root.GetList("plugins");
            if (plugins.Count == 0)
                throw new ConflistException(path, "plugins is missing or empty");
            foreach (var plugin in plugins)
                AddTypes(plugin, types, path);
            return new Conflist(content, config.Name, VersionOf(config), types);
        }
        catch (CniException e)
        {
            throw new ConflistException(path, e.Message);
        }
    }

    private static void AddTypes(ConfigNode plugin, List<string> types, string path)
    {
        var type = plugin.GetString("type");
        if (type.Length == 0)
            throw new ConflistException(path, $"{plugin.Path} has no type");
        Add(type);
        if (type == "flannel")
        {
            Add(plugin.FindObject("delegate")?.FindString("type") ?? "bridge");
            Add(plugin.FindObject("ipam")?.FindString("type") ?? "host-local");
        }
        else if (plugin.Find("ipam") is { Value.Kind: JsonValueKind.Object } ipam && ipam.GetString("type") is { Length: > 0 } ipamType)
        {
            Add(ipamType);
        }

        void Add(string name)
        {
            if (name.Contains('/'))
                throw new ConflistException(path, $"{plugin.Path}: the type {name} is a path, not a name");
            if (!types.Contains(name))
                types.Add(name);
        }
    }

    private static string VersionOf(NetworkConfig config)
    {
        var best = config.DecodeVersion();
        foreach (var version in config.Root.GetStrings("cniVersions"))
        {
            if (CniVersions.IsSupported(version) && CniVersions.Compare(version, best) > 0)
                best = version;
        }

        return best;
    }
}
