using System.Globalization;
using System.Text;
using Plugboard.Drivers;
using Plugboard.Linux.Mounts;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Installer.FlexVolume;

/// <summary>Our mounts and how they are, within a deadline for all of them together.</summary>
internal static class MountList
{
    /// <summary>A line for each mount of a driver of ours; false where one is not well.</summary>
    public static (string Text, bool IsGood) Print(MountTable table)
    {
        var ours = new List<(MountEntry Entry, DriverName Driver)>();
        foreach (var entry in table.Entries)
        {
            if (FindDriver(entry.Target) is { } driver)
                ours.Add((entry, driver));
        }

        var border = new MountBorder(table);
        var health = MountHealth.Ask(ours.Select(static found => found.Entry));
        var deleted = FindDeleted();
        var (text, good) = (new StringBuilder(), true);
        foreach (var (entry, driver) in ours)
        {
            var state = deleted.Contains(entry.Source) ? "image removed" : health.StateOf(entry);
            if (state == "ok" && border.IsCrossedBy(entry, driver))
                state = "of another namespace";
            good &= state == "ok";
            text.AppendLine(CultureInfo.InvariantCulture, $"{state}\t{driver.Slashed}\t{entry.Type}\t{entry.Source}\t{entry.Target}");
        }

        return (text.ToString(), good);
    }

    // <anything>/pods/<uid>/volumes/<vendor>~<driver>/<volume>, and no more.
    internal static DriverName? FindDriver(string target)
    {
        var names = target.Split('/');
        return
            names.Length >= 5
            && names[^3] == "volumes"
            && names[^5] == "pods"
            && DriverName.Find(names[^2]) is { } name
            && Dialect.Find(name) is not null
            ? name
            : null;
    }

    private static HashSet<string> FindDeleted()
    {
        var deleted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var backing in LoopDevice.List())
        {
            if (backing.File.EndsWith(" (deleted)", StringComparison.Ordinal))
                deleted.Add(backing.Device);
        }

        return deleted;
    }
}
