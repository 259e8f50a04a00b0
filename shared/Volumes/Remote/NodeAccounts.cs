using System.Globalization;
using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Volumes.Remote;

/// <summary>
/// Users and groups of the node by their names, from /etc/passwd and /etc/group. The C library's own way loads shared libraries and is
/// not there in a static executable, so what a directory service knows is not known here.
/// </summary>
internal static class NodeAccounts
{
    /// <summary>The number of a user's or group's name; a number's text is that number, in decimal.</summary>
    /// <exception cref="VolumeException">The node does not have the name.</exception>
    public static string NumberOf(string backend, string key, string name)
    {
        if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return number.ToString(CultureInfo.InvariantCulture);
        var (file, kind) = key.EndsWith("gid", StringComparison.Ordinal) ? ("/etc/group", "group") : ("/etc/passwd", "user");
        using var accounts = FileDescriptor.FindForReading(file);
        return (accounts is null ? null : FindNumber(Encoding.UTF8.GetString(accounts.ReadToEnd()), name))
            ?? throw new VolumeException(
                $"{backend}: mount option \"{key}\" is \"{Options.ShortText.Of(name)}\", "
                    + $"and the node has no {kind} of that name ({file}); use the number"
            );
    }

    /// <summary>The third field of the line that begins with the name; null if absent. Source: passwd(5), group(5).</summary>
    internal static string? FindNumber(string text, string name)
    {
        foreach (var line in text.Split('\n'))
        {
            var fields = line.Split(':');
            if (fields.Length > 2 && fields[0] == name && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out _))
                return fields[2];
        }

        return null;
    }
}
