using System.Buffers.Text;
using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Linux.Mounts;

/// <summary>
/// The mounts that a thread sees, in the kernel's order. Parsing is pure; a line that is not in the kernel's format is skipped.
/// </summary>
public sealed class MountTable
{
    // The thread's own table: a process's other threads may be in another mount namespace.
    private const string OwnPath = "/proc/thread-self/mountinfo";
    private const int FieldsBeforeOptional = 6;

    private readonly List<MountEntry> entries = [];

    private MountTable() { }

    /// <summary>All of them.</summary>
    public IReadOnlyList<MountEntry> Entries => entries;

    /// <summary>Reads the calling thread's mounts.</summary>
    public static MountTable Read() => Parse(ReadFile(OwnPath));

    /// <summary>
    /// Reads those mounts of the calling thread that are on <paramref name="target"/> or below it: no text of another is decoded.
    /// </summary>
    public static MountTable ReadAt(string target) => Parse(ReadFile(OwnPath), Escape(target));

    /// <summary>Reads the mounts that another process sees; null if the process is gone.</summary>
    public static MountTable? Find(int pid)
    {
        try
        {
            return Parse(ReadFile($"/proc/{pid}/mountinfo"));
        }
        catch (ErrnoException e) when (e.Errno is Errno.ENOENT or Errno.ESRCH or Errno.EINVAL or Errno.EACCES)
        {
            return null;
        }
    }

    /// <summary>Parses the text of a mountinfo file.</summary>
    public static MountTable Parse(ReadOnlySpan<byte> text) => Parse(text, []);

    private static byte[] ReadFile(string path)
    {
        using var file = FileDescriptor.OpenKernelFile(path);
        return file.ReadToEnd(int.MaxValue);
    }

    private static MountTable Parse(ReadOnlySpan<byte> text, ReadOnlySpan<byte> below)
    {
        var table = new MountTable();
        Span<Range> fields = stackalloc Range[FieldsBeforeOptional + 1];
        while (!text.IsEmpty)
        {
            var end = text.IndexOf((byte)'\n');
            var line = end < 0 ? text : text[..end];
            text = end < 0 ? [] : text[(end + 1)..];
            if (Split(line, fields) && IsBelow(line[fields[4]], below) && ParseLine(line, fields) is { } entry)
                table.entries.Add(entry);
        }

        return table;
    }

    // The first six fields, and as the last range all the rest.
    private static bool Split(ReadOnlySpan<byte> line, Span<Range> fields)
    {
        var at = 0;
        for (var i = 0; i < FieldsBeforeOptional; i++)
        {
            var length = line[at..].IndexOf((byte)' ');
            if (length <= 0)
                return false;
            fields[i] = at..(at + length);
            at += length + 1;
        }

        fields[FieldsBeforeOptional] = at..line.Length;
        return true;
    }

    private static bool IsBelow(ReadOnlySpan<byte> target, ReadOnlySpan<byte> directory) =>
        directory.IsEmpty || (target.StartsWith(directory) && (target.Length == directory.Length || target[directory.Length] == '/'));

    private static MountEntry? ParseLine(ReadOnlySpan<byte> line, ReadOnlySpan<Range> fields)
    {
        var rest = line[fields[FieldsBeforeOptional]];
        // "shared:1 - ext4 …", or at once "- ext4 …".
        var dash = rest.StartsWith("- "u8) ? 0 : rest.IndexOf(" - "u8) + 1;
        if (dash == 0 && !rest.StartsWith("- "u8))
            return null;
        var tail = rest[(dash + 2)..];
        var typeEnd = tail.IndexOf((byte)' ');
        var sourceEnd = typeEnd < 0 ? -1 : tail[(typeEnd + 1)..].IndexOf((byte)' ') + typeEnd + 1;
        var device = line[fields[2]];
        var colon = device.IndexOf((byte)':');
        if (
            sourceEnd <= typeEnd
            || colon < 0
            || !TryNumber(device[..colon], out var major)
            || !TryNumber(device[(colon + 1)..], out var minor)
            || !TryNumber(line[fields[0]], out var id)
            || !TryNumber(line[fields[1]], out var parent)
        )
            return null;
        return new MountEntry
        {
            Id = (int)id,
            ParentId = (int)parent,
            Major = major,
            Minor = minor,
            Root = Unescape(line[fields[3]]),
            Target = Unescape(line[fields[4]]),
            Options = Unescape(line[fields[5]]),
            Propagation = Unescape(dash == 0 ? [] : rest[..(dash - 1)]),
            Type = Unescape(tail[..typeEnd]),
            Source = Unescape(tail[(typeEnd + 1)..sourceEnd]),
            SuperOptions = Unescape(tail[(sourceEnd + 1)..]),
        };
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, out uint number) =>
        Utf8Parser.TryParse(text, out number, out var used) && used == text.Length;

    // seq_path escapes blank, tab, line feed and backslash, and newer kernels '#', as three octal digits.
    private static string Unescape(ReadOnlySpan<byte> text)
    {
        if (text.IndexOf((byte)'\\') < 0)
            return Encoding.UTF8.GetString(text);
        var plain = new byte[text.Length];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && IsOctal(text[i + 1]) && IsOctal(text[i + 2]) && IsOctal(text[i + 3]))
            {
                plain[length++] = (byte)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0'));
                i += 3;
            }
            else
                plain[length++] = text[i];
        }

        return Encoding.UTF8.GetString(plain.AsSpan(0, length));
    }

    private static bool IsOctal(byte c) => c is >= (byte)'0' and <= (byte)'7';

    // '#' is escaped by some kernels and not by others: what is before it decides well enough which lines are decoded.
    private static byte[] Escape(string path)
    {
        var text = new StringBuilder(path.Length);
        foreach (var c in path)
        {
            if (c == '#')
                return [];
            _ = c switch
            {
                ' ' => text.Append(@"\040"),
                '\t' => text.Append(@"\011"),
                '\n' => text.Append(@"\012"),
                '\\' => text.Append(@"\134"),
                _ => text.Append(c),
            };
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>The mounts on a directory; none where it is no mount point.</summary>
    public IReadOnlyList<MountEntry> LayersOn(string target) => entries.FindAll(entry => entry.Target == target);

    /// <summary>
    /// The mount at a path, the topmost on that directory; null if the path is not a mount point. The order of the lines does not show it:
    /// since Linux 6.8 it is the order of the mounts' creation, not of their attachment.
    /// </summary>
    public MountEntry? FindTop(string target)
    {
        var layers = LayersOn(target);
        foreach (var layer in layers)
        {
            if (!IsCovered(layer, layers))
                return layer;
        }

        return layers.Count == 0 ? null : layers[^1];
    }

    private static bool IsCovered(MountEntry layer, IReadOnlyList<MountEntry> layers)
    {
        foreach (var other in layers)
        {
            if (other.ParentId == layer.Id && other.Id != layer.Id)
                return true;
        }

        return false;
    }

    /// <summary>The mounts below a directory, those first that must go first.</summary>
    public IReadOnlyList<MountEntry> Below(string target)
    {
        var below = entries.FindAll(entry => entry.Target.StartsWith(target + "/", StringComparison.Ordinal));
        below.Sort(static (a, b) => b.Target.Length.CompareTo(a.Target.Length));
        return below;
    }

    /// <summary>The mount that holds a path: the last of those with the longest target above it; null if absent.</summary>
    public MountEntry? FindHolding(string path)
    {
        MountEntry? holding = null;
        foreach (var entry in entries)
        {
            var leads = entry.Target == "/" || path == entry.Target || path.StartsWith(entry.Target + "/", StringComparison.Ordinal);
            if (leads && (holding is null || entry.Target.Length >= holding.Target.Length))
                holding = entry;
        }

        return holding;
    }
}
