using System.Security.Cryptography;
using System.Text;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>Names of sets and chains. They depend on the content alone, so a restarted coordinator finds its own again.</summary>
internal static class PolicyNames
{
    // 96 bits: an author of policies must not find two contents with one name.
    private const int HashLength = 24;
    private const int LongestComment = 120;

    /// <summary><c>peers_0f3c…</c>.</summary>
    public static string Of(string kind, string content) =>
        $"{kind}_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{kind} {content}"))).AsSpan(0, HashLength)}";

    /// <summary>The sets of one content for IPv4 and for IPv6.</summary>
    public static IReadOnlyList<PolicySet> Pair(string kind, PolicySetKind setKind, string content, string comment)
    {
        var name = Of(kind, content);
        return
        [
            new PolicySet(name + "_4", setKind, Is6: false, Comment(comment)),
            new PolicySet(name + "_6", setKind, Is6: true, Comment(comment)),
        ];
    }

    /// <summary>A text, cut to what nft takes for a comment; the texts are ASCII without quotes.</summary>
    public static string Comment(string text) => text.Length <= LongestComment ? text : $"{text.AsSpan(0, LongestComment - 3)}...";
}
