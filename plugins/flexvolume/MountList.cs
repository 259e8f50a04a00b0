using System.Globalization;
using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Mounts;
using Plugboard.Linux.Sockets;
using Plugboard.Placement;

namespace Plugboard.FlexVolume;

/// <summary>
/// Our mounts and how they are. Nothing on a mount is looked at: mountinfo tells of a directory or image that was removed, and whether a
/// server answers is asked of the server, all of them at once, with a deadline.
/// </summary>
internal static class MountList
{
    private static readonly TimeSpan serverTime = TimeSpan.FromMilliseconds(60);

    /// <summary>A line for each mount of a driver of ours; false where one is not well.</summary>
    public static (string Text, bool IsGood) Print(MountTable table)
    {
        var ours = new List<(MountEntry Entry, DriverName Driver)>();
        foreach (var entry in table.Entries)
        {
            if (FindDriver(entry.Target) is { } driver)
                ours.Add((entry, driver));
        }

        var dead = FindDead(ours);
        var deleted = FindDeleted();
        var (text, good) = (new StringBuilder(), true);
        foreach (var (entry, driver) in ours)
        {
            var state = StateOf(entry, dead, deleted);
            good &= state == "ok";
            text.AppendLine(CultureInfo.InvariantCulture, $"{state}\t{driver.Slashed}\t{entry.Type}\t{entry.Source}\t{entry.Target}");
        }

        return (text.ToString(), good);
    }

    // <anything>/pods/<uid>/volumes/<vendor>~<driver>/<volume>, and no more.
    private static DriverName? FindDriver(string target)
    {
        var names = target.Split('/');
        return names.Length >= 5 && names[^3] == "volumes" && names[^5] == "pods" && DriverName.Find(names[^2]) is { } name && Dialect.Find(name) is not null ? name : null;
    }

    private static string StateOf(MountEntry entry, HashSet<string> dead, HashSet<string> deleted)
    {
        if (entry.Root.EndsWith("//deleted", StringComparison.Ordinal))
            return "directory removed";
        if (deleted.Contains(entry.Source))
            return "image removed";
        return dead.Contains(ServerOf(entry)) ? "server does not answer" : "ok";
    }

    private static string ServerOf(MountEntry entry)
    {
        foreach (var option in entry.SuperOptions.Split(','))
        {
            if (option.StartsWith("addr=", StringComparison.Ordinal))
                return $"{(entry.Type.StartsWith("nfs", StringComparison.Ordinal) ? "2049" : "445")} {option[5..]}";
        }

        return "";
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

    private static HashSet<string> FindDead(List<(MountEntry Entry, DriverName Driver)> ours)
    {
        var servers = new Dictionary<string, Errno>(StringComparer.Ordinal);
        foreach (var (entry, _) in ours)
        {
            if (entry.IsRemote && ServerOf(entry) is { Length: > 0 } server)
                servers[server] = Errno.ETIMEDOUT;
        }

        var threads = new List<Thread>();
        foreach (var server in servers.Keys.ToArray())
        {
            var thread = new Thread(() =>
            {
                var answer = Ask(server);
                lock (servers)
                    servers[server] = answer;
            })
            { IsBackground = true };
            thread.Start();
            threads.Add(thread);
        }

        foreach (var thread in threads)
            thread.Join(serverTime * 2);
        lock (servers)
            return servers.Where(static pair => pair.Value != Errno.None).Select(static pair => pair.Key).ToHashSet(StringComparer.Ordinal);
    }

    private static Errno Ask(string server)
    {
        var words = server.Split(' ');
        return Addresses.IPAddr.TryParse(words[1], out var address)
            ? InternetSocket.TryConnect(address, ushort.Parse(words[0], CultureInfo.InvariantCulture), serverTime)
            : Errno.EINVAL;
    }
}
