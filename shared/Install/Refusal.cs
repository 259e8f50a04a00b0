using System.Globalization;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Install;

/// <summary>The kernel's refusals in the words of whoever must do something about them.</summary>
internal static class Refusal
{
    /// <summary>A directory that could not be opened.</summary>
    public static InstallException OfPath(ErrnoException e, string path) =>
        e.Errno switch
        {
            Errno.ENOENT => new InstallException(
                $"{path} does not exist",
                "make it (mkdir -p) where the runtime or kubelet looks, or mount the host's there (hostPath with type "
                    + "DirectoryOrCreate); a link on the way leads within the host's root only",
                e
            ),
            Errno.ENOTDIR => new InstallException(
                $"{path} is no directory",
                "name the directory itself; something on the way to it is a file",
                e
            ),
            Errno.ELOOP => new InstallException($"{path} is a link that leads nowhere", "remove the link, or name the directory itself", e),
            _ => new InstallException(e.Message, "make it a directory that root can open", e),
        };

    /// <summary>What was refused while something was placed.</summary>
    public static InstallException Explain(ErrnoException e, FileDirectory directory) =>
        e.Errno switch
        {
            Errno.EROFS => new InstallException(
                $"{directory.Path} is read-only",
                "mount it writable (volumeMounts: readOnly: false), or choose a directory that is, and name it to the runtime as "
                    + "bin_dir or to kubelet as volumePluginDir",
                e
            ),
            Errno.ENOSPC => new InstallException(
                $"the filesystem of {directory.Path} is full{Free(directory)}",
                "free some space and try again; each file is whole, the old one or the new one",
                e
            ),
            Errno.EDQUOT => new InstallException(
                $"the quota of {directory.Path} is used up",
                "raise it and try again; each file is whole, the old one or the new one",
                e
            ),
            Errno.EACCES or Errno.EPERM => new InstallException(
                e.Message,
                "run it as root with CAP_DAC_OVERRIDE, CAP_CHOWN and CAP_FOWNER; where a security module refuses, with a label that "
                    + "may write there",
                e
            ),
            _ => new InstallException(
                e.Message,
                "the kernel gave no other reason: check the filesystem (dmesg has a disk's errors), and try again",
                e
            ),
        };

    /// <summary>An executable that could not be executed where it is to be.</summary>
    public static InstallException OfExecution(ErrnoException e, FileDirectory directory, string file) =>
        e.Errno switch
        {
            Errno.EACCES => new InstallException(
                $"{directory.Path} does not let {file} be executed",
                "it is mounted noexec, or a security module forbids it: mount it with exec, or choose another directory and name it "
                    + "to the runtime as bin_dir",
                e
            ),
            Errno.ENOEXEC => new InstallException(
                $"{file} is no executable for this machine",
                $"take the build for {ElfHeader.NameOf(ElfHeader.OwnMachine)}",
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
