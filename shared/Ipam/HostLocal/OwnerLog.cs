using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux.Files;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// The changes since the <see cref="OwnerSnapshot"/>, in one file that only grows until the next snapshot. Its first line, <c>snapshot
/// SIZE</c>, names its snapshot; then come <c>+ containerID address</c>, <c>- containerID address</c> and, as the end of each change, the
/// seal <c>= TIME</c>: the lease directory's time of modification. A change is one write(2). A torn change has no seal at its end, and a
/// log whose last line is not the right seal is ignored.
/// </summary>
internal sealed class OwnerLog : IDisposable
{
    /// <summary>The file in the index's directory.</summary>
    public const string FileName = "log";

    /// <summary>
    /// What the file never grows beyond, in bytes. Every call reads it whole; each snapshot is made for some three hundred changes.
    /// </summary>
    public const int Limit = 32 * 1024;

    private const int RoomForChange = 512;

    private readonly FileDescriptor file;
    private byte[] text;
    private int length;

    private OwnerLog(FileDescriptor file)
    {
        this.file = file;
        text = new byte[(int)long.Min(file.Status().Size, Limit) + RoomForChange];
        length = file.ReadAt(text, 0);
    }

    /// <summary>Opens and reads the log; null if it is missing.</summary>
    public static OwnerLog? Find(string path)
    {
        var found = FileDescriptor.FindForAppending(path);
        try
        {
            return found is null ? null : new OwnerLog(found);
        }
        catch (Exception)
        {
            found?.Dispose();
            throw;
        }
    }

    /// <summary>What was read, and appended since.</summary>
    public ReadOnlySpan<byte> Text => text.AsSpan(0, length);

    /// <summary>A new log's first line.</summary>
    public static string HeaderOf(long snapshotSize) => string.Concat("snapshot ", ((ulong)snapshotSize).ToString(), "\n");

    /// <summary>The line that ends a change. Unsigned: the number is compared, never read, and this way needs no culture.</summary>
    public static string SealOf(Int128 time) => string.Concat("= ", unchecked((ulong)time).ToString(), "\n");

    /// <summary>The line of an address that an owner got or lost.</summary>
    public static string LineOf(string sign, string containerId, IPAddr address) =>
        string.Concat(sign, containerId, " ", address.ToString()) + "\n";

    /// <summary>True if the log goes on from a snapshot of that size.</summary>
    public bool Continues(long snapshotSize) => Text.StartsWith(Encoding.ASCII.GetBytes(HeaderOf(snapshotSize)));

    /// <summary>
    /// True if the last change ended with that time. Bytes that were lost with the machine's power read as NULs; a longer file is not
    /// ours.
    /// </summary>
    public bool IsSealed(Int128 time) =>
        length <= Limit && Text.EndsWith(Encoding.ASCII.GetBytes("\n" + SealOf(time))) && !Text.Contains((byte)0);

    /// <summary>Adds lines at the end with one write(2); false if they have no place.</summary>
    public bool TryAppend(string lines)
    {
        var bytes = Encoding.UTF8.GetBytes(lines);
        if (length + bytes.Length > Limit)
            return false;
        file.Write(bytes);
        if (length + bytes.Length > text.Length)
            Array.Resize(ref text, length + bytes.Length);
        bytes.CopyTo(text.AsSpan(length));
        length += bytes.Length;
        return true;
    }

    /// <summary>Adds to the addresses what the log says the container got, and takes away what it says the container lost.</summary>
    public void ApplyTo(List<IPAddr> addresses, string containerId)
    {
        // An id holds no blank, so this matches nothing but a whole one.
        var key = Encoding.UTF8.GetBytes($" {containerId} ");
        var rest = Text;
        for (var at = rest.IndexOf(key); at > 0; at = rest.IndexOf(key))
        {
            var sign = rest[at - 1];
            rest = rest[(at + key.Length)..];
            var end = rest.IndexOf((byte)'\n');
            if (end < 0 || !IPAddr.TryParse(Encoding.UTF8.GetString(rest[..end]), out var address))
                continue;
            addresses.Remove(address);
            if (sign == '+')
                addresses.Add(address);
            rest = rest[end..];
        }
    }

    /// <summary>The last of those lines, whole, for every pair <c>containerID address</c> that they speak of.</summary>
    public static Dictionary<string, string> ReadChanges(string lines)
    {
        var changes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines.Split('\n'))
        {
            if (line.StartsWith("+ ", StringComparison.Ordinal) || line.StartsWith("- ", StringComparison.Ordinal))
                changes[line[2..]] = line;
        }

        return changes;
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
