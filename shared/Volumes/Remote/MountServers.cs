using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Remote;

/// <summary>
/// The servers of mounts: NFS and SMB show the address among their options, and NFS the port where it is another than usual. SMB shows
/// none: it is among the ports of that address to which the node has connections.
/// </summary>
public sealed class MountServers
{
    private const ushort NfsPort = 2049;
    private const ushort SmbPort = 445;
    private const int Most = 4;

    private readonly Lazy<ServerConnections> connections = new(ServerConnections.Read);

    /// <summary>The server; null if the mount has no server, or an unknown one.</summary>
    public RemoteServer? Find(MountEntry mount) => Candidates(mount) is [var first, ..] ? first : null;

    /// <summary>All that the server may be, the likeliest first; it is dead only where none of them answers.</summary>
    public IReadOnlyList<RemoteServer> Candidates(MountEntry mount)
    {
        if (!mount.IsRemote)
            return [];
        var isNfs = mount.Type.StartsWith("nfs", StringComparison.Ordinal);
        string? address = null;
        ushort? port = isNfs ? NfsPort : null;
        foreach (var option in mount.SuperOptions.Split(','))
        {
            if (option.StartsWith("addr=", StringComparison.Ordinal))
                address = option[5..];
            else if (
                option.StartsWith("port=", StringComparison.Ordinal)
                && ushort.TryParse(option.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var shown)
            )
                port = shown;
        }

        if (address is null)
            return [];
        // Without TCP it is unknown whether it answers.
        var isTcp = !mount
            .SuperOptions.Split(',')
            .Any(static option => option is "proto=udp" or "proto=udp6" or "proto=rdma" or "proto=rdma6");
        return port is { } known ? [new RemoteServer(address, known) { IsTcp = isTcp }] : SmbCandidates(address);
    }

    private List<RemoteServer> SmbCandidates(string address)
    {
        var ports = IPAddr.TryParse(address, out var parsed) ? connections.Value.PortsTo(parsed) : [];
        var usual = new RemoteServer(address, SmbPort);
        if (ports.Count == 0 || ports.Contains(SmbPort))
            return [usual];
        return [.. ports.Take(Most).Select(port => new RemoteServer(address, port)), usual];
    }
}
