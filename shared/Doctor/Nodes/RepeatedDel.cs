using System.Buffers;
using Plugboard.Addresses;
using Plugboard.Runtimes;

namespace Plugboard.Doctor.Nodes;

/// <summary>The command by which a person calls DEL for an attachment that the runtime has forgotten.</summary>
/// <param name="Type">The plugin.</param>
/// <param name="Owner">The attachment.</param>
internal sealed record RepeatedDel(string Type, Attachment Owner)
{
    private static readonly SearchValues<char> plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:@"
    );

    /// <summary>More of the config: <c>"key":value</c>, as it is in single quotes.</summary>
    public string Keys { get; init; } = "";

    /// <summary>CNI_NETNS of the ADD; empty: unknown.</summary>
    public string NetNs { get; init; } = "";

    /// <summary>The file that is the config; null: a config of the type and <see cref="Keys"/>.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>The plugins that it calls, without which DEL fails.</summary>
    public IReadOnlyList<string> Delegates { get; init; } = [];

    /// <summary>What else helps where the plugin is not on the node any more; empty: nothing.</summary>
    public string Instead { get; init; } = "";

    /// <summary>The command in backticks, for a remedy; words for what no shell would take as it is.</summary>
    public string Remedy(Node node)
    {
        string[] missing = [.. Delegates.Prepend(Type).Distinct(StringComparer.Ordinal).Where(type => node.FindPlugin(type) is null)];
        if (missing.Length == 0)
            return Command(node);
        var (names, isOne) = (string.Join(" and ", missing), missing.Length == 1);
        var place = node.BinDirectories is [RuntimePaths.UpstreamBinDirectory, ..] ? "" : $" --bin-dir {node.BinDirectories[0]}";
        return $"DEL would release it, but {names} {(isOne ? "is" : "are")} in none of {string.Join(':', node.BinDirectories)}: install "
            + $"{(isOne ? "it" : "them")} again for this call (`installer install --plugins {string.Join(',', missing)}{place}`), then "
            + $"{Command(node)}{(Instead.Length > 0 ? $"; or {Instead}" : "")}";
    }

    private string Command(Node node)
    {
        if (!IsPlain(Owner.ToString()) || !IsPlain(ConfigFile ?? ""))
            return $"call DEL of {Type} for it{(ConfigFile is null ? "" : $", with {ConfigFile} as its config")}";
        var call =
            $"env CNI_COMMAND=DEL CNI_CONTAINERID={Owner.ContainerId} CNI_NETNS={(IsPlain(NetNs) ? NetNs : "")} CNI_IFNAME={Owner.IfName} "
            + $"CNI_PATH={string.Join(':', node.BinDirectories)} {node.FindPlugin(Type) ?? $"{node.BinDirectories[0]}/{Type}"}";
        var config = $$"""{"cniVersion":"1.0.0","name":"{{Owner.Network}}","type":"{{Type}}"{{(Keys.Length > 0 ? "," + Keys : "")}}}""";
        return ConfigFile is null ? $"`echo '{config}' | {call}`" : $"`{call} < {ConfigFile}`";
    }

    private static bool IsPlain(string text) => !text.AsSpan().ContainsAnyExcept(plain);
}
