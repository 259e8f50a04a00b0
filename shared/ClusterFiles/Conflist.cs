using System.Text;
using System.Text.Json;
using Plugboard.Protocols.Cni;

namespace Plugboard.ClusterFiles;

/// <summary>
/// A network config as a runtime reads it from its directory: which plugins it calls, and by which version of the protocol. Pure.
/// </summary>
public sealed class Conflist
{
    private const string VersionsKey = "cniVersions";

    private Conflist(byte[] content, NetworkConfig config, IReadOnlyList<string> types)
    {
        Content = content;
        Name = config.Name;
        FirstVersion = config.DecodeVersion();
        Versions = config.Root.GetStrings(VersionsKey);
        CniVersion = BestOf(FirstVersion, Versions);
        Types = types;
    }

    /// <summary>The text.</summary>
    public byte[] Content { get; }

    /// <summary>The network's name.</summary>
    public string Name { get; }

    /// <summary>
    /// <c>cniVersion</c>: what a runtime speaks that does not know <c>cniVersions</c>, as libcni before 1.2 (containerd 1.7, podman 4).
    /// </summary>
    public string FirstVersion { get; }

    /// <summary><c>cniVersions</c>, in the order of the text; empty if it has none.</summary>
    public IReadOnlyList<string> Versions { get; }

    /// <summary>
    /// The version that a newer runtime will speak: the highest of <c>cniVersions</c> and <c>cniVersion</c> that is known.
    /// </summary>
    public string CniVersion { get; }

    /// <summary>
    /// Every plugin that is called, each once: those of the list, their IPAM plugins, and the delegates of flannel and multus.
    /// </summary>
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
            return new Conflist(content, config, types);
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
        else if (type == "multus")
        {
            // Its delegates are configs or lists; what is wrong in one is multus's to say.
            foreach (var called in plugin.FindItems("delegates"))
            {
                foreach (var each in called.FindItems("plugins") is { Count: > 0 } list ? list : [called])
                {
                    if (
                        each.Value.Kind == JsonValueKind.Object
                        && each.Find("type") is { Value: { Kind: JsonValueKind.String, Text.Length: > 0 } }
                    )
                        AddTypes(each, types, path);
                }
            }
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

    // libcni passes over versions that it does not know, and refuses the whole list for what is no version.
    private static string BestOf(string first, IReadOnlyList<string> versions)
    {
        var best = first;
        foreach (var version in versions)
        {
            if (
                CniVersions.Compare(version, CniVersions.Current) <= 0
                && CniVersions.IsSupported(version)
                && CniVersions.Compare(version, best) > 0
            )
                best = version;
        }

        return best;
    }

    /// <summary>
    /// The same for all runtimes: without the versions of <c>cniVersions</c> that are newer than <c>cniVersion</c>. All else in the text
    /// stays as it is.
    /// </summary>
    public Conflist WithoutNewerVersions()
    {
        var reader = new Utf8JsonReader(Content);
        while (reader.Read())
        {
            if (reader is not { CurrentDepth: 1, TokenType: JsonTokenType.PropertyName } || !reader.ValueTextEquals(VersionsKey))
                continue;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var kept = Versions
                .Where(version => CniVersions.Compare(version, FirstVersion) <= 0)
                .Select(static version => $"\"{version}\"");
            byte[] content =
            [
                .. Content[..start],
                .. Encoding.UTF8.GetBytes($"[{string.Join(", ", kept)}]"),
                .. Content[(int)reader.BytesConsumed..],
            ];
            return Parse(content, Name);
        }

        return this;
    }
}
