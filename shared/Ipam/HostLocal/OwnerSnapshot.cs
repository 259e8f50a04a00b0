using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// What a scan found, in one file: a line for each owner, <c>ifname@containerID address,address</c>, in ordinal order, so that one owner is found with some
/// 16 reads among sixty thousand. As many links would take seconds to make.
/// </summary>
internal static class OwnerSnapshot
{
    /// <summary>The file in the index's directory.</summary>
    public const string FileName = ".snapshot";

    /// <summary>More than any line has, with its end.</summary>
    public const int LongestLine = 768;

    /// <summary>Writes the file; the lines are sorted here.</summary>
    public static void Write(FileDirectory directory, List<(string Name, string Target)> owners, uint mode)
    {
        owners.Sort((one, other) => string.CompareOrdinal(one.Name, other.Name));
        var text = new StringBuilder(owners.Count * 64);
        foreach (var (name, target) in owners)
            text.Append(name).Append(' ').Append(target).Append('\n');
        directory.Overwrite(FileName, Encoding.UTF8.GetBytes(text.ToString()), mode);
    }

    /// <summary>The addresses of a name, divided by commas; null where it has no line.</summary>
    public static string? Find(FileDirectory directory, string name)
    {
        using var file = directory.FindForReading(FileName);
        if (file is null)
            return null;
        Span<byte> buffer = stackalloc byte[2 * LongestLine];
        var (low, high) = (0L, file.Status().Size);
        while (low < high)
        {
            // The line that holds the middle byte: it starts after the last line's end before it, which is nearer than a longest line.
            var middle = low + (high - low) / 2;
            var from = long.Max(low, middle - LongestLine);
            ReadOnlySpan<byte> read = buffer[..file.ReadAt(buffer, from)];
            var start = read[..int.Min((int)(middle - from), read.Length)].LastIndexOf((byte)'\n') + 1;
            var length = read[start..].IndexOf((byte)'\n');
            if (length < 0)
                return null;
            var line = Encoding.UTF8.GetString(read.Slice(start, length));
            var space = line.IndexOf(' ');
            var order = string.CompareOrdinal(name, space < 0 ? line : line[..space]);
            if (order == 0)
                return line[(space + 1)..];
            if (order < 0)
                high = from + start;
            else
                low = from + start + length + 1;
        }

        return null;
    }
}
