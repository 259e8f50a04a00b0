using Plugboard.Doctor.Nodes;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Sockets;

namespace Plugboard.Doctor.Checks;

/// <summary>Whether a daemon accepts connections where a network config in use takes its addresses from DHCP.</summary>
internal sealed class DhcpDaemonCheck : ICheck
{
    public string Name => "the DHCP daemon";

    public IEnumerable<Finding> Examine(Node node)
    {
        var sockets = node
            .UsedNetworks.SelectMany(static use => use.File.Plugins)
            .Select(static plugin => plugin.DhcpSocket)
            .OfType<string>()
            .Distinct(StringComparer.Ordinal);
        foreach (var socket in sockets)
        {
            if (!IsAnswering(node, socket, out var reason))
                yield return Missing(node, socket, reason);
        }
    }

    /// <summary>True if a daemon, or systemd for it, accepts connections; the reason if not.</summary>
    public static bool IsAnswering(Node node, string socket, out string reason)
    {
        using var connected = UnixSocket.TryConnect(node.Under(socket), out var errno);
        reason = connected is not null ? "" : ErrnoException.Sentence(errno);
        return connected is not null;
    }

    private static Finding Missing(Node node, string socket, string reason)
    {
        var isStale = FileDescriptor.FindStatus(node.Under(socket)) is not null;
        return new Finding(
            FindingIds.DhcpDaemonMissing,
            Severity.Error,
            isStale ? $"no daemon accepts connections at {socket}: {reason}" : $"the DHCP daemon's socket {socket} is missing",
            "every new pod of the network fails with \"error dialing DHCP daemon\"; leases of running pods are not renewed and end",
            (isStale ? "the daemon has ended and left its socket: see its log, and " : "")
                + "start it again: `systemctl start cni-dhcp.socket` with the units of docs/install.md, else "
                + (node.FindPlugin("dhcp") is { } path ? $"{path} daemon" : "`dhcp daemon`, after `installer install --plugins dhcp`")
        )
        {
            Subject = socket,
            MayPass = true,
        };
    }
}
