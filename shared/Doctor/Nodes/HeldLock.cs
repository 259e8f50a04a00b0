using System.Globalization;
using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Doctor.Nodes;

/// <summary>A flock(2) that a process holds. Source: proc_locks(5).</summary>
/// <param name="Pid">The process; 0 or -1 if it is not of this pid namespace.</param>
/// <param name="Device">The file's device, major in the high, minor in the low 32 bits; on some filesystems statx(2) reports another
/// one.</param>
/// <param name="Inode">The file; 0 for locks of other kinds.</param>
/// <param name="IsExclusive">No other process gets it meanwhile.</param>
/// <param name="Waiting">The number of waiting processes.</param>
internal sealed record HeldLock(int Pid, ulong Device, ulong Inode, bool IsExclusive, int Waiting)
{
    /// <summary>The process's name; a question mark where it is gone.</summary>
    public string Command
    {
        get
        {
            using var file = FileDescriptor.FindKernelFile($"/proc/{Pid.ToString(CultureInfo.InvariantCulture)}/comm");
            return file is null ? "?" : Encoding.UTF8.GetString(file.ReadToEnd()).TrimEnd();
        }
    }

    /// <summary>
    /// Reads /proc/locks: <c>1: FLOCK ADVISORY WRITE 1234 fe:01:5678 0 EOF</c>, and with <c>-></c> the processes that wait for the lock
    /// above.
    /// </summary>
    public static List<HeldLock> Parse(string text)
    {
        var locks = new List<HeldLock>();
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 1 && words[1] == "->")
            {
                if (locks.Count > 0)
                    locks[^1] = locks[^1] with { Waiting = locks[^1].Waiting + 1 };
            }
            else if (
                words.Length >= 6
                && int.TryParse(words[4], CultureInfo.InvariantCulture, out var pid)
                && TryParse(words[5], out var device, out var inode)
            )
                // Locks of other kinds too: a process that waits for one must not count as waiting for a flock.
                locks.Add(new HeldLock(pid, device, words[1] == "FLOCK" ? inode : 0, words[3] == "WRITE", 0));
        }

        return locks;
    }

    // fe:01:5678: the device in hexadecimal, the inode in decimal.
    private static bool TryParse(string word, out ulong device, out ulong inode)
    {
        (device, inode) = (0, 0);
        var parts = word.Split(':');
        if (
            parts.Length != 3
            || !uint.TryParse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var major)
            || !uint.TryParse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var minor)
        )
            return false;
        device = ((ulong)major << 32) | minor;
        return ulong.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out inode);
    }
}
