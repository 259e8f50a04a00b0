using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Linux.Mounts;

/// <summary>
/// A filesystem's kernel module, which is called as its type. The kernel loads it by itself only where modprobe is set up for it.
/// </summary>
public static class KernelModule
{
    private static readonly TimeSpan time = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Loads the module if the kernel does not have the filesystem yet and there is a modprobe. A failure shows when the filesystem is
    /// mounted: ENODEV.
    /// </summary>
    /// <param name="type">As /proc/filesystems has it (proc_filesystems(5)).</param>
    public static void TryLoad(string type)
    {
        if (IsPresent(type))
            return;
        foreach (var tool in (string[])["/sbin/modprobe", "/usr/sbin/modprobe"])
        {
            if (FileDescriptor.FindStatus(tool) is null)
                continue;
            _ = new Command(tool)
            {
                Arguments = ["-q", type],
                Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
                Timeout = time,
            }.Run();
            return;
        }
    }

    // "nodev\tnfs", "\text4"
    private static bool IsPresent(string type)
    {
        using var file = FileDescriptor.FindKernelFile("/proc/filesystems");
        return file is not null && Encoding.ASCII.GetString(file.ReadToEnd()).Split('\n', '\t').Contains(type);
    }
}
