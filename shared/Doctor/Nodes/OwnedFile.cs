using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux.Files;

namespace Plugboard.Doctor.Nodes;

/// <summary>
/// A file that a plugin keeps for an attachment and removes with its DEL: lines of a key, a blank and a value, among them the attachment.
/// </summary>
/// <param name="Path">The file, as this process sees it.</param>
/// <param name="Owner">The attachment.</param>
/// <param name="Age">Since when it is there.</param>
internal sealed record OwnedFile(string Path, Attachment Owner, TimeSpan Age)
{
    private const int LargestFile = 1 << 25;

    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    /// <summary>The last value of a key; empty if absent.</summary>
    public string Find(string key) => values.GetValueOrDefault(key, "");

    /// <summary>Reads the files of a directory whose names begin with a text; those that name no attachment are left out.</summary>
    public static IReadOnlyList<OwnedFile> ReadAll(string directory, string prefix, DateTimeOffset now)
    {
        var found = new List<OwnedFile>();
        using var files = FileDirectory.Find(directory);
        foreach (var name in files?.ReadNames() ?? [])
        {
            if (name.StartsWith('.') || !name.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            using var file = files!.FindRegular(name);
            if (file is not null && Parse($"{directory}/{name}", file, now) is { } owned)
                found.Add(owned);
        }

        return found;
    }

    private static OwnedFile? Parse(string path, FileDescriptor file, DateTimeOffset now)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Encoding.UTF8.GetString(file.ReadToEnd(LargestFile)).Split('\n'))
        {
            var blank = line.IndexOf(' ');
            if (blank > 0)
                read[line[..blank]] = line[(blank + 1)..];
        }

        var owner = new Attachment(
            read.GetValueOrDefault("network", ""),
            read.GetValueOrDefault("container", ""),
            read.GetValueOrDefault("interface", "")
        );
        if (owner.Network.Length == 0 || owner.ContainerId.Length == 0 || owner.IfName.Length == 0)
            return null;
        var owned = new OwnedFile(path, owner, Ages.Since(file.Status().ModifiedNanoseconds, now));
        foreach (var (key, value) in read)
            owned.values[key] = value;
        return owned;
    }
}
