using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux.Files;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// The owners at one time, in one file: a line <c>containerID address</c> for each lease, in the order of the bytes, so that one owner is
/// found with some 16 reads among sixty thousand. It never changes: the <see cref="OwnerLog"/> goes on from it.
/// </summary>
internal sealed class OwnerSnapshot : IDisposable
{
    /// <summary>The file in the index's directory.</summary>
    public const string FileName = "snapshot";

    /// <summary>More than any line has, with its end.</summary>
    public const int LongestLine = 384;

    private readonly FileDescriptor file;

    private OwnerSnapshot(FileDescriptor file)
    {
        this.file = file;
        Size = file.Status().Size;
    }

    /// <summary>The file's size in bytes.</summary>
    public long Size { get; }

    /// <summary>Opens a snapshot; null if it is missing.</summary>
    public static OwnerSnapshot? Find(string path)
    {
        var found = FileDescriptor.FindForReading(path);
        try
        {
            return found is null ? null : new OwnerSnapshot(found);
        }
        catch (Exception)
        {
            found?.Dispose();
            throw;
        }
    }

    /// <summary>The whole file.</summary>
    public byte[] Read()
    {
        var text = new byte[Size];
        return text[..file.ReadAt(text, 0)];
    }

    /// <summary>The addresses of a container.</summary>
    public List<IPAddr> Find(ReadOnlySpan<char> containerId)
    {
        var key = Encoding.UTF8.GetBytes($"{containerId} ");
        var addresses = new List<IPAddr>();
        Span<byte> buffer = stackalloc byte[2 * LongestLine];
        for (var at = FindFirst(key, buffer); ReadLine(at, buffer) is var line && line.StartsWith(key); at += line.Length + 1)
        {
            if (IPAddr.TryParse(Encoding.UTF8.GetString(line[key.Length..]), out var address))
                addresses.Add(address);
        }

        return addresses;
    }

    // The offset of the first line at or after the key.
    private long FindFirst(ReadOnlySpan<byte> key, Span<byte> buffer)
    {
        var (low, high) = (0L, Size);
        while (low < high)
        {
            // The line that holds the middle byte: it starts after the last line's end before it, which is nearer than a longest line.
            var middle = low + (high - low) / 2;
            var from = long.Max(low, middle - LongestLine);
            ReadOnlySpan<byte> read = buffer[..file.ReadAt(buffer, from)];
            var start = read[..int.Min((int)(middle - from), read.Length)].LastIndexOf((byte)'\n') + 1;
            var length = read[start..].IndexOf((byte)'\n');
            if (length < 0)
                return Size;
            if (read.Slice(start, length).SequenceCompareTo(key) < 0)
                low = from + start + length + 1;
            else
                high = from + start;
        }

        return low;
    }

    private ReadOnlySpan<byte> ReadLine(long at, Span<byte> buffer)
    {
        ReadOnlySpan<byte> read = buffer[..file.ReadAt(buffer, at)];
        return read[..int.Max(0, read.IndexOf((byte)'\n'))];
    }

    /// <summary>The text of a snapshot of those lines.</summary>
    public static byte[] TextOf(List<string> lines)
    {
        lines.Sort(string.CompareOrdinal);
        var text = new StringBuilder(lines.Count * 80);
        foreach (var line in lines)
            text.Append(line).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>
    /// The text of a snapshot after some changes, as <see cref="OwnerLog.ReadChanges"/> gives them. One pass, both are in order.
    /// </summary>
    public static byte[] Merge(ReadOnlySpan<byte> text, Dictionary<string, string> changes)
    {
        var pairs = new List<string>(changes.Keys);
        pairs.Sort(string.CompareOrdinal);
        var merged = new List<byte>(text.Length + 2 * OwnerLog.Limit);
        foreach (var pair in pairs)
        {
            var line = Encoding.UTF8.GetBytes(pair + "\n");
            var (before, equal) = Split(text, line);
            merged.AddRange(text[..before]);
            text = text[(before + equal)..];
            if (changes[pair].StartsWith('+'))
                merged.AddRange(line);
        }

        merged.AddRange(text);
        return merged.ToArray();
    }

    // How many bytes of the text are lines before that line, and how many are the line itself.
    private static (int Before, int Equal) Split(ReadOnlySpan<byte> text, ReadOnlySpan<byte> line)
    {
        var before = 0;
        while (before < text.Length)
        {
            var next = text.Slice(before, text[before..].IndexOf((byte)'\n') + 1);
            var order = next.SequenceCompareTo(line);
            if (order >= 0 || next.IsEmpty)
                return (before, order == 0 ? next.Length : 0);
            before += next.Length;
        }

        return (before, 0);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
