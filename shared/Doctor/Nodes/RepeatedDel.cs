using System.Buffers;
using Plugboard.Addresses;

namespace Plugboard.Doctor.Nodes;

/// <summary>The command by which a person calls DEL for an attachment that the runtime has forgotten.</summary>
internal static class RepeatedDel
{
    private static readonly SearchValues<char> plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:@"
    );

    /// <summary>The command in backticks, for a remedy; words for what no shell would take as it is.</summary>
    /// <param name="node">The node.</param>
    /// <param name="type">The plugin.</param>
    /// <param name="owner">The attachment.</param>
    /// <param name="keys">More of the config: <c>"key":value</c>, as it is in single quotes; empty: none.</param>
    /// <param name="netNs">CNI_NETNS of the ADD; empty: unknown.</param>
    public static string Command(Node node, string type, Attachment owner, string keys = "", string netNs = "")
    {
        var config = $$"""{"cniVersion":"1.0.0","name":"{{owner.Network}}","type":"{{type}}"{{(keys.Length > 0 ? "," + keys : "")}}}""";
        return IsPlain(owner) ? $"`echo '{config}' | {Call(node, type, owner, netNs)}`" : $"call DEL of {type} for it";
    }

    /// <summary>The same with a file that holds the config.</summary>
    public static string CommandOf(Node node, string type, Attachment owner, string path) =>
        IsPlain(owner) && IsPlain(path)
            ? $"`{Call(node, type, owner, "")} < {path}`"
            : $"call DEL of {type} for it, with {path} as its config";

    private static bool IsPlain(Attachment owner) => IsPlain(owner.ToString());

    private static bool IsPlain(string text) => !text.AsSpan().ContainsAnyExcept(plain);

    private static string Call(Node node, string type, Attachment owner, string netNs) =>
        $"env CNI_COMMAND=DEL CNI_CONTAINERID={owner.ContainerId} CNI_NETNS={(IsPlain(netNs) ? netNs : "")} CNI_IFNAME={owner.IfName} "
        + $"CNI_PATH={string.Join(':', node.BinDirectories)} {node.FindExecutable(type)}";
}
