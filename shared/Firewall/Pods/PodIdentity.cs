using System.Text;
using Plugboard.Firewall.Iptables;

namespace Plugboard.Firewall.Pods;

/// <summary>Whose a rule, a map's element or a chain is: one attachment of one container to one network.</summary>
/// <param name="Network">The network config's name.</param>
/// <param name="ContainerId">The container's id as the runtime says it.</param>
/// <param name="IfName">The interface in the container, such as <c>eth0</c>.</param>
public readonly record struct PodIdentity(string Network, string ContainerId, string IfName)
{
    // nft takes no longer comment, and prints none that it would not take.
    private const int LongestComment = 128;

    /// <summary>How many characters of a tag tell the network.</summary>
    private const int NetworkTagLength = 16;

    private const int TagLength = 33;

    /// <summary>
    /// Tells the attachment in 33 characters, whatever its names are: 16 hex digits of the network, a hyphen, 16 of the container and its
    /// interface. The reference bridge marks its rules with the same.
    /// </summary>
    public string Tag => ReferenceNames.MasqueradeTag(this);

    /// <summary>
    /// The comment of what is in the kernel for the attachment: the tag, a blank and the names, as far as 128 bytes hold them.
    /// </summary>
    public string Comment
    {
        get
        {
            var comment = string.Concat(Tag, " ", ToString());
            return Encoding.UTF8.GetByteCount(comment) <= LongestComment ? comment : Cut(comment);
        }
    }

    /// <summary>The tag of a comment; null where it has none.</summary>
    public static string? FindTag(string? comment) =>
        comment is { Length: >= TagLength }
        && comment[NetworkTagLength] == '-'
        && (comment.Length == TagLength || comment[TagLength] == ' ')
            ? comment[..TagLength]
            : null;

    /// <summary>True where a tag is of an attachment to this one's network.</summary>
    public bool IsOfNetwork(string tag) => tag.AsSpan(0, NetworkTagLength).SequenceEqual(Tag.AsSpan(0, NetworkTagLength));

    /// <inheritdoc/>
    public override string ToString() => $"{Network}/{ContainerId}/{IfName}";

    // Names are ASCII but for the interface's, which comes last.
    private static string Cut(string comment)
    {
        var length = Math.Min(comment.Length, LongestComment);
        while (Encoding.UTF8.GetByteCount(comment.AsSpan(0, length)) > LongestComment || char.IsHighSurrogate(comment[length - 1]))
            length--;
        return comment[..length];
    }
}
