using System.Globalization;
using System.Text;
using Plugboard.Install;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.FlexVolume;

/// <summary>
/// Puts this executable under drivers' names into kubelet's plugin directory, in such a way that no prober ever sees a half-made driver: a
/// new one appears as a whole directory by one rename, an old one's file is replaced by one rename. Names that begin with a dot are passed
/// over by the prober.
/// </summary>
internal static class Installer
{
    private const uint DirectoryMode = 0x1ed;
    private const uint ExecutableMode = 0x1ed;

    /// <summary>Installs or replaces drivers.</summary>
    public static string Install(string pluginDirectory, IReadOnlyList<DriverName> names)
    {
        var report = new StringBuilder();
        using var self = FileDescriptor.OpenKernelFile("/proc/self/exe");
        var content = self.ReadToEnd(int.MaxValue);
        using var plugins = FileDirectory.Ensure(pluginDirectory, DirectoryMode);
        foreach (var name in names)
            report.AppendLine(
                CultureInfo.InvariantCulture,
                $"{name.Slashed}: {(InstallOne(plugins, name, content) ? "installed" : "replaced")} in {pluginDirectory}"
            );
        return report.ToString();
    }

    // True where it was not there before.
    private static bool InstallOne(FileDirectory plugins, DriverName name, byte[] content)
    {
        var final = $"{plugins.Path}/{name.Tilded}";
        if (FileDescriptor.FindStatus(final) is not null)
        {
            Write(final, name, content);
            return false;
        }

        var temporary = $".new-{name.Tilded}";
        Write($"{plugins.Path}/{temporary}", name, content);
        if (plugins.TryRename(temporary, name.Tilded))
            return true;
        // Another installer was first.
        Write(final, name, content);
        Remove($"{plugins.Path}/{temporary}", name);
        return false;
    }

    private static void Write(string path, DriverName name, byte[] content)
    {
        using var directory = FileDirectory.Ensure(path, DirectoryMode);
        directory.Replace(name.Driver, content, ExecutableMode);
    }

    /// <summary>Takes drivers away. One whose volumes are mounted stays: kubelet could not unmount them any more.</summary>
    /// <exception cref="FlexException">It is in use, or holds a file that is not ours.</exception>
    public static string Uninstall(string pluginDirectory, IReadOnlyList<DriverName> names, bool force)
    {
        var report = new StringBuilder();
        var mounts = MountTable.Read();
        foreach (var name in names)
        {
            if (!force && FindUse(mounts, name) is { } target)
                throw new FlexException(
                    $"{name.Slashed} is in use by {target}; kubelet could not unmount it any more (--force takes it away all the same)"
                );
        }

        using var plugins = FileDirectory.Find(pluginDirectory) ?? throw new FlexException($"{pluginDirectory} does not exist");
        foreach (var name in names)
        {
            var gone = $".old-{name.Tilded}";
            var found = FileDescriptor.FindStatus($"{plugins.Path}/{name.Tilded}") is not null;
            if (found && !plugins.TryRename(name.Tilded, gone))
                throw new FlexException($"{plugins.Path}/{gone} is left from before; remove it");
            Remove($"{plugins.Path}/{gone}", name);
            report.AppendLine(CultureInfo.InvariantCulture, $"{name.Slashed}: {(found ? "removed" : "was not there")}");
        }

        return report.ToString();
    }

    private static string? FindUse(MountTable mounts, DriverName name)
    {
        foreach (var entry in mounts.Entries)
        {
            if (entry.Target.Contains($"/volumes/{name.Tilded}/", StringComparison.Ordinal))
                return entry.Target;
        }

        return null;
    }

    private static void Remove(string path, DriverName name)
    {
        using (var directory = FileDirectory.Find(path))
        {
            directory?.Remove(name.Driver);
            directory?.Remove($".{name.Driver}");
        }

        var errno = FileDirectory.TryRemoveDirectory(path);
        if (errno is not (Errno.None or Errno.ENOENT))
            throw new ErrnoException("rmdir", path, errno);
    }

    /// <summary>Runs <c>init</c> as kubelet would and looks at every byte of the answer.</summary>
    public static (string Report, bool IsGood) Verify(string pluginDirectory, IReadOnlyList<DriverName> names)
    {
        var report = new StringBuilder();
        var good = true;
        foreach (var name in names)
        {
            var started = Environment.TickCount64;
            var problem = FindProblem($"{pluginDirectory}/{name.Tilded}/{name.Driver}");
            var took = Environment.TickCount64 - started;
            report.AppendLine(CultureInfo.InvariantCulture, $"{name.Slashed}: {problem ?? $"ok, init in {took} ms"}");
            good &= problem is null;
        }

        return (report.ToString(), good);
    }

    private static string? FindProblem(string executable)
    {
        try
        {
            return Verification.FindProblemOfDriver(executable, executable);
        }
        catch (ErrnoException e)
        {
            return e.Message;
        }
    }
}
