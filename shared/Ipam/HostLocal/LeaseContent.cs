using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Ipam.HostLocal;

/// <summary>What a file with an address for its name says.</summary>
/// <param name="State">What kind of content it is.</param>
/// <param name="Owner">Whose the lease is; only where <paramref name="State"/> is <see cref="LeaseState.Leased"/>.</param>
internal readonly record struct LeaseContent(LeaseState State, Attachment Owner)
{
    /// <summary>More than this no lease has: the content of a longer file is somebody's text.</summary>
    public const int LongestFile = 4096;

    private static readonly LeaseContent Torn = new(LeaseState.Torn, default);
    private static readonly LeaseContent Alien = new(LeaseState.Alien, default);

    /// <summary>
    /// Reads a file's content. Torn is what a crash leaves: nothing, blanks only, or bytes that no text has, such as the NULs of blocks
    /// that were never written. Any other text that is no lease is somebody's way to reserve the address: it is kept and belongs to nobody.
    /// An interface's name may have control characters, which the kernel allows: earlier builds wrote such leases.
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
