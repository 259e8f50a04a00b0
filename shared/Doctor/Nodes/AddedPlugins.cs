using System.Text.Json;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Doctor.Nodes;

/// <summary>
/// The plugins that a runtime adds at the end of a list, from a directory beside it with the network's name: each <c>*.conf</c> in it, a
/// plugin's config. Source: libcni 1.3, conf.go (NetworkConfFromFile); earlier ones pass over the directory.
/// </summary>
internal static class AddedPlugins
{
    /// <summary>The list with what the directory has; itself where it is absent, or the list wants only its own.</summary>
    /// <param name="host">The host's root.</param>
    /// <param name="directory">The directory of the list.</param>
    /// <param name="content">The list.</param>
    /// <exception cref="CniException">The list or one of the files cannot be read.</exception>
    /// <exception cref="Plugboard.Linux.ErrnoException">A file cannot be opened.</exception>
    public static byte[] AddTo(byte[] content, RootedDirectory host, string directory)
    {
        var config = NetworkConfig.Parse(content);
        if (IsTrue(config.Root.Find("loadOnlyInlinedPlugins")))
            return content;
        var beside = $"{directory}/{config.Name}";
        using var found = host.TryOpen(beside, out _);
        var names = found?.ReadNames().FindAll(static name => name.EndsWith(".conf", StringComparison.Ordinal)) ?? [];
        if (names.Count == 0)
            return content;
        names.Sort(StringComparer.Ordinal);
        var added = names.Select(name => Read(host, $"{beside}/{name}")).OfType<JsonValue>();
        var list = JsonMembers.From(config.Root.Value);
        list.Set("plugins", JsonValue.Of([.. config.Root.FindItems("plugins").Select(static plugin => plugin.Value), .. added]));
        return list.ToBytes();
    }

    private static JsonValue? Read(RootedDirectory host, string path)
    {
        using var file = host.FindForReading(path);
        return file is null ? null : JsonValue.Parse(file.ReadToEnd(), host.FullPath(path));
    }

    private static bool IsTrue(ConfigNode? flag) =>
        flag is { Value.Kind: JsonValueKind.True } || (flag is { Value: { Kind: JsonValueKind.String, Text: var text } } && IsTrue(text));

    private static bool IsTrue(string text) => text.Equals("true", StringComparison.OrdinalIgnoreCase);
}
