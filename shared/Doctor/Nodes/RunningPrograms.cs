using System.Globalization;
using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Doctor.Nodes;

/// <summary>The names of the processes that run, as far as they are visible: from a container without the host's only its own.</summary>
internal static class RunningPrograms
{
    /// <summary>The kernel keeps so many characters of a name. Source: proc_pid_comm(5).</summary>
    public const int LongestName = 15;

    /// <summary>Reads /proc, of the host if that is below the root of the options.</summary>
    public static IReadOnlySet<string> Find(DoctorOptions options)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        using var processes = FileDirectory.Find(options.Under("/proc/1")) is null
            ? FileDirectory.Find("/proc")
            : FileDirectory.Find(options.Under("/proc"));
        foreach (var name in processes?.ReadNames() ?? [])
        {
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                Read($"{processes!.Path}/{name}/comm", names);
        }

        return names;
    }

    // One that ends while it is looked at is as good as gone.
    private static void Read(string path, HashSet<string> names)
    {
        try
        {
            using var file = FileDescriptor.FindKernelFile(path);
            if (file is not null)
                names.Add(Encoding.UTF8.GetString(file.ReadToEnd()).TrimEnd());
        }
        catch (ErrnoException)
        {
            return;
        }
    }
}
