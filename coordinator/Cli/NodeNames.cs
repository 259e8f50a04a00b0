using Plugboard.Linux;

namespace Plugboard.Coordinator.Cli;

/// <summary>By which name this node is known to the cluster. Pure but for <see cref="FindHostName"/>.</summary>
internal static class NodeNames
{
    /// <summary>The host's whole name, as hostname(1) shows it; empty where it has none.</summary>
    public static string FindHostName() => Sysctl.Find("kernel/hostname") is { } name && name != "(none)" ? name : "";

    /// <summary>
    /// As the kubelet makes a Node's name, of the host's or of its <c>--hostname-override</c>: without blanks around it, in lower case,
    /// with its domain.
    /// </summary>
    public static string AsKubelet(string name) => name.Trim().ToLowerInvariant();

    /// <summary>
    /// The one of a list's names that a host has: its whole name, else its first label, as earlier versions took it, whatever the case;
    /// null where neither is there.
    /// </summary>
    public static string? Among(IReadOnlyCollection<string> names, string host)
    {
        foreach (var wanted in new[] { host, host.Split('.')[0] })
        {
            if (names.Contains(wanted, StringComparer.Ordinal))
                return wanted;
            if (names.FirstOrDefault(name => name.Equals(wanted, StringComparison.OrdinalIgnoreCase)) is { } found)
                return found;
        }

        return null;
    }
}
