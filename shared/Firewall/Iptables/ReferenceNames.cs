using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Firewall.Iptables;

/// <summary>
/// The names by which the reference plugins find their rules again. They are made the same way here, so either implementation removes what
/// the other added. Source: containernetworking/plugins, pkg/utils/utils.go and plugins/meta/portmap/portmap_iptables.go.
/// </summary>
public static class ReferenceNames
{
    /// <summary>The most characters of a chain's name: XT_EXTENSION_MAXNAMELEN without its NUL.</summary>
    public const int LongestChain = 28;

    /// <summary>The chain whose rules lead host ports to pods, one chain for all pods.</summary>
    public const string HostPortTop = "CNI-HOSTPORT-DNAT";

    /// <summary>The chain that marks packets for masquerading.</summary>
    public const string SetMark = "CNI-HOSTPORT-SETMARK";

    /// <summary>The chain that masquerades what is marked.</summary>
    public const string Masquerade = "CNI-HOSTPORT-MASQ";

    // xt_comment.h: XT_MAX_COMMENT_LEN without its NUL. iptables cuts what is longer there, as the 256 bytes to which the reference cuts a
    // forward's comment.
    private const int LongestComment = 255;
    private const int CutComment = 253;

    /// <summary>
    /// The chain that masquerades a pod's addresses. The interface's name is no part of it: attachments of one pod to one network share it.
    /// </summary>
    public static string MasqueradeChain(Attachment pod) => Chain("", pod);

    /// <summary>How the names of chains begin that lead host ports to pods.</summary>
    public const string HostPortChainPrefix = "CNI-DN-";

    /// <summary>The chain that leads a pod's host ports to it; shared as <see cref="MasqueradeChain"/> is.</summary>
    public static string ForwardChain(Attachment pod) => Chain("DN-", pod);

    /// <summary>The chain by which old versions masqueraded a pod's host ports.</summary>
    public static string SourceChain(Attachment pod) => Chain("SN-", pod);

    /// <summary>What begins the comment of an attachment's masquerade rules in the reference's nftables table.</summary>
    public static string MasqueradeTag(Attachment pod) =>
        string.Concat(Sha512.Hex(pod.Network).AsSpan(0, 16), "-", Sha512.Hex($"{pod.IfName}:{pod.ContainerId}").AsSpan(0, 16));

    internal static bool IsShared(string chain) => chain is HostPortTop or SetMark or Masquerade;

    internal static string Chain(string prefix, Attachment pod) =>
        $"CNI-{prefix}{Sha512.Hex(pod.Network + pod.ContainerId)}"[..LongestChain];

    internal static string MasqueradeComment(Attachment pod) =>
        First(LongestComment, $"name: {GoQuote.Of(pod.Network)} id: {GoQuote.Of(pod.ContainerId)}");

    internal static string HostPortComment(Attachment pod)
    {
        var comment = $"dnat name: {GoQuote.Of(pod.Network)} id: {GoQuote.Of(pod.ContainerId)}";
        return Encoding.UTF8.GetByteCount(comment) <= LongestComment ? comment : First(CutComment, comment) + "..";
    }

    // Bytes, not characters; a character that would be cut through is left out.
    private static string First(int bytes, string text)
    {
        if (Encoding.UTF8.GetByteCount(text) <= bytes)
            return text;
        var length = 0;
        var kept = new StringBuilder(bytes);
        foreach (var rune in text.EnumerateRunes())
        {
            length += rune.Utf8SequenceLength;
            if (length > bytes)
                break;
            kept.Append(rune.ToString());
        }

        return kept.ToString();
    }
}
