using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Hosting;

/// <summary>Where a plugin keeps a record of each pod, as STATUS looks at it.</summary>
public static class RecordDirectory
{
    /// <summary>Throws code 50 where no record could be written, which each ADD does. Leaves no trace.</summary>
    /// <param name="path">The directory, which need not exist.</param>
    public static void RequireWritable(string path)
    {
        try
        {
            FileDirectory.ProbeWritable(path);
        }
        catch (ErrnoException e)
        {
            throw new CniException(
                CniErrorCode.PluginNotAvailable,
                $"cannot write a record of a pod in {path}: {e.Message}",
                "every ADD fails until it can: "
                    + e.Errno switch
                    {
                        Errno.EROFS => "mount the filesystem writable",
                        Errno.ENOSPC or Errno.EDQUOT => SpaceShortage.Remedy(e.Errno, path),
                        Errno.ENOTDIR => "a file has the place of a directory, move it away",
                        _ => "the plugin runs as root on the node: check modes, mount options and security modules",
                    },
                e
            );
        }
    }
}
