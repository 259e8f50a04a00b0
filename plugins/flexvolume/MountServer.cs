using System.Globalization;
using Plugboard.Linux.Mounts;
using Plugboard.Volumes.Remote;

namespace Plugboard.FlexVolume;

/// <summary>The server of a mount: NFS and SMB show its address among their options, and NFS the port where it is another than usual.</summary>
internal static class MountServer
{
    private const ushort NfsPort = 2049;
    private const ushort SmbPort = 445;

    /// <summary>The server; null where the mount is not from one, or does not tell.</summary>
    public static RemoteServer? Find(MountEntry mount)
    {
        if (!mount.IsRemote)
            return null;
        var port = mount.Type.StartsWith("nfs", StringComparison.Ordinal) ? NfsPort : SmbPort;
        string? address = null;
        foreach (var option in mount.SuperOptions.Split(','))
        {
            if (option.StartsWith("addr=", StringComparison.Ordinal))
                address = option[5..];
            else if (option.StartsWith("port=", StringComparison.Ordinal) && ushort.TryParse(option.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var shown))
                port = shown;
        }

        return address is null ? null : new RemoteServer(address, port);
    }
}
