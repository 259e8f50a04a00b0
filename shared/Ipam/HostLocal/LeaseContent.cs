using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Ipam.HostLocal;

/// <summary>The content of a file with an address as its name.</summary>
/// <param name="State">The kind of content.</param>
/// <param name="Owner">The lease's owner; only if <paramref name="State"/> is <see cref="LeaseState.Leased"/>.</param>
internal readonly record struct LeaseContent(LeaseState State, Attachment Owner)
{
    /// <summary>The longest lease: a longer file is another program's text.</summary>
    public const int LongestFile = 4096;

    private static readonly LeaseContent Torn = new(LeaseState.Torn, default);
    private static readonly LeaseContent Alien = new(LeaseState.Alien, default);

    /// <summary>
    /// Reads a file's content. Torn is what a crash leaves: nothing, blanks only, or bytes that no text has, such as the NULs of blocks
    /// that were never written. Any other text that is not a lease reserves the address: it stays and has no owner. An interface's name may
    /// have control characters, which the kernel allows: earlier builds wrote such leases.
    /// </summary>
    public static LeaseContent Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= LongestFile)
            return Alien;
        if (bytes.Contains((byte)0))
            return Torn;
        var text = Encoding.UTF8.GetString(bytes).AsSpan().Trim();
        if (text.IsEmpty)
            return Torn;
        var end = text.IndexOf("\r\n");
        var id = end < 0 ? text : text[..end];
        var ifName = end < 0 ? default : text[(end + 2)..];
        return IsContainerId(id) && (end < 0 || IsIfName(ifName))
                ? new LeaseContent(LeaseState.Leased, LeaseOwners.Of(id.ToString(), ifName.ToString()))
            : bytes.ContainsAnyInRange((byte)1, (byte)8) || bytes.ContainsAnyInRange((byte)14, (byte)31) ? Torn
            : Alien;
    }

    private static bool IsContainerId(ReadOnlySpan<char> text)
    {
        if (!char.IsAsciiLetterOrDigit(text[0]))
            return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-'))
                return false;
        }

        return true;
    }

    private static bool IsIfName(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (c is '/' or ':' || char.IsWhiteSpace(c))
                return false;
        }

        return !text.IsEmpty && Encoding.UTF8.GetByteCount(text) < 16;
    }
}
