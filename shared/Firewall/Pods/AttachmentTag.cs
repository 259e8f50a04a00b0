using System.Text;
using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;

namespace Plugboard.Firewall.Pods;

/// <summary>How rules, elements, chains and records name the attachment that owns them.</summary>
public static class AttachmentTag
{
    // nft accepts no longer comment, and prints none that it would not accept.
    private const int LongestComment = 128;

    /// <summary>How many characters of a tag name the network.</summary>
    private const int NetworkTagLength = 16;

    private const int TagLength = 33;

    extension(Attachment attachment)
    {
        /// <summary>
        /// The attachment in 33 characters, whatever its names are: 16 hex digits of the network, a hyphen, 16 of the container and its
        /// interface. The reference bridge marks its rules with the same.
        /// </summary>
        public string Tag => ReferenceNames.MasqueradeTag(attachment);

        /// <summary>
        /// The comment of the attachment's objects in the kernel: the tag, a blank and the names, as far as 128 bytes hold them.
        /// </summary>
        public string Comment
        {
            get
            {
                var comment = string.Concat(attachment.Tag, " ", attachment.ToString());
                return Encoding.UTF8.GetByteCount(comment) <= LongestComment ? comment : Cut(comment);
            }
        }

        /// <summary>True for the tag of an attachment to the same network.</summary>
        public bool IsOfNetwork(string tag) => tag.AsSpan(0, NetworkTagLength).SequenceEqual(attachment.Tag.AsSpan(0, NetworkTagLength));
    }

    /// <summary>The tags of attachments.</summary>
    public static IReadOnlySet<string> All(IReadOnlySet<Attachment> attachments)
    {
        var tags = new HashSet<string>(StringComparer.Ordinal);
        foreach (var attachment in attachments)
            tags.Add(attachment.Tag);
        return tags;
    }

    /// <summary>The tag of a comment; null if it has none.</summary>
    public static string? Find(string? comment) =>
        comment is { Length: >= TagLength }
        && comment[NetworkTagLength] == '-'
        && (comment.Length == TagLength || comment[TagLength] == ' ')
            ? comment[..TagLength]
            : null;

    // Names are ASCII but for the interface's, which comes last.
    private static string Cut(string comment)
    {
        var length = Math.Min(comment.Length, LongestComment);
        while (Encoding.UTF8.GetByteCount(comment.AsSpan(0, length)) > LongestComment || char.IsHighSurrogate(comment[length - 1]))
            length--;
        return comment[..length];
    }
}
