using System.Globalization;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Install;

/// <summary>Explains the kernel's errors with what to do about them.</summary>
internal static class Refusal
{
    /// <summary>A directory that could not be opened.</summary>
    public static InstallException OfPath(ErrnoException e, string path) =>
        e.Errno switch
        {
            Errno.ENOENT => new InstallException(
                $"{path} does not exist",
                "create it (mkdir -p) where the runtime or kubelet looks, or mount the host's there (hostPath with type "
                    + "DirectoryOrCreate); a symbolic link in the path is resolved within the host's root",
                e
            ),
            Errno.ENOTDIR => new InstallException($"{path} is not a directory", "give a directory; a part of the path is a file", e),
            Errno.ELOOP => new InstallException(
                $"{path} is a symbolic link that does not resolve",
                "remove the link, or give the directory itself",
                e
            ),
            _ => new InstallException(e.Message, "make it a directory that root can open", e),
        };

    /// <summary>
    /// Refuses to replace a file that the kernel would not replace: one with an attribute of chattr(1). People set it to keep other
    /// installers away.
    /// </summary>
    /// <exception cref="InstallException">It has such an attribute.</exception>
    public static void RequireUnprotected(FileStatus status, string path)
    {
        if (status.Protection is { } attribute)
            throw OfProtection(attribute, path);
    }

    private static InstallException OfProtection(char attribute, string path, Exception? cause = null) =>
        new(
            $"{path} is {(attribute == 'i' ? "immutable" : "append-only")} (attribute {attribute} of chattr)",
            $"`lsattr -d {path}` shows it: find out who set it, then `chattr -{attribute} {path}` and try again",
            cause
        );

    // The file, or a directory that it is in.
    private static InstallException? FindProtection(ErrnoException e, FileDirectory directory)
    {
        foreach (var path in (string?[])[e.Subject, Path.GetDirectoryName(e.Subject), directory.Path])
        {
            if (path is ['/', ..] && Look(path) is { } attribute)
                return OfProtection(attribute, path, e);
        }

        return null;
    }

    private static char? Look(string path)
    {
        try
        {
            return FileDescriptor.FindStatus(path)?.Protection;
        }
        catch (ErrnoException)
        {
            // The error that is explained says more.
            return null;
        }
    }

    /// <summary>Explains an error of an installation.</summary>
    public static InstallException Explain(ErrnoException e, FileDirectory directory) =>
        e.Errno switch
        {
            Errno.EROFS => new InstallException(
                $"{directory.Path} is read-only",
                "mount it writable (volumeMounts: readOnly: false), or choose a writable directory, and configure it in the runtime as "
                    + "bin_dir or to kubelet as volumePluginDir",
                e
            ),
            Errno.ENOSPC => new InstallException(
                $"the filesystem of {directory.Path} is full{Free(directory)}",
                $"{SpaceShortage.Remedy(e.Errno, directory)}, and try again; each file is whole, the old one or the new one",
                e
            ),
            Errno.EDQUOT => new InstallException(
                e.Message,
                $"{SpaceShortage.Remedy(e.Errno, directory)}, and try again; each file is whole, the old one or the new one",
                e
            ),
            Errno.EPERM when FindProtection(e, directory) is { } protection => protection,
            Errno.EACCES or Errno.EPERM => new InstallException(
                e.Message,
                "run it as root with CAP_DAC_OVERRIDE, CAP_CHOWN and CAP_FOWNER; if a security module refuses, with a label that "
                    + "may write there",
                e
            ),
            // rename(2) and link(2) of a file that is a mount point.
            Errno.EXDEV or Errno.EBUSY => new InstallException(
                e.Message,
                $"another mount is on a file in {directory.Path}: `findmnt -o TARGET | grep {directory.Path}/` names it; unmount it, or "
                    + "mount the whole directory",
                e
            ),
            Errno.ENOTDIR => new InstallException(e.Message, "something else has the name of a directory: move it away", e),
            _ => new InstallException(
                e.Message,
                "the kernel gave no other reason: check the filesystem (dmesg has a disk's errors), and try again",
                e
            ),
        };

    /// <summary>Explains an error of an execution in the target's directory.</summary>
    public static InstallException OfExecution(ErrnoException e, FileDirectory directory, string file) =>
        e.Errno switch
        {
            Errno.EACCES => new InstallException(
                $"{directory.Path} does not allow executing {file}",
                "it is mounted noexec, or a security module forbids it: mount it with exec, or choose another directory and configure it "
                    + "in the runtime as bin_dir",
                e
            ),
            Errno.ENOEXEC => new InstallException(
                $"{file} is not an executable for this machine",
                $"take the build for {ElfFile.NameOf(ElfFile.OwnMachine)}",
                e
            ),
            _ => new InstallException($"{file} cannot be executed: {ErrnoException.Sentence(e.Errno)}", "take another copy of it", e),
        };

    private static string Free(FileDirectory directory)
    {
        try
        {
            var space = directory.Space();
            return string.Create(
                CultureInfo.InvariantCulture,
                $" ({space.BytesAvailable / 1024} KiB and {space.InodesFree} files are free)"
            );
        }
        catch (ErrnoException)
        {
            // It is a hint only.
            return "";
        }
    }
}
