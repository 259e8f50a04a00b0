using Plugboard.Dhcp.Client;

namespace Plugboard.Dhcp.Daemon;

/// <summary>The flags of <c>dhcp daemon</c>, the reference's and <c>-probe</c>. Pure.</summary>
internal sealed record DaemonOptions
{
    /// <summary>The text of <c>dhcp daemon -help</c>.</summary>
    public const string Help = """
        The daemon of the CNI plugin dhcp: it holds the leases of the node's pods.

        Usage: dhcp daemon [flags]
          -socketpath PATH      where it listens (default /run/cni/dhcp.sock); not used if systemd passes a socket.
                                The leases are in the directory PATH.leases
          -pidfile PATH         a file, by an absolute path, that gets its process id
          -hostprefix DIR       where the host's root directory is; before the paths of socket, namespaces and results
          -results DIRS         where the runtimes keep the results of their calls, directories divided by colons: leases
                                that another make of daemon held are taken over from there
                                (default /var/lib/cni/results:/var/lib/cni/multus/results)
          -broadcast            asks servers to answer by broadcast
          -timeout DURATION     how long a DHCPREQUEST waits for its answer before the next DHCPDISCOVER (default 10s)
          -resendmax DURATION   the longest pause between two unanswered messages (default 1m2s); of DHCPv6, of those that
                                look for a server
          -resendtimeout DURATION  how long an ADD tries in all (default 3m28s)
          -probe DURATION       how long ARP or neighbour discovery asks for another owner of an address before it is used;
                                0: not at all (default 200ms)
        A duration is a number with a unit, such as 500ms, 10s, 1m30s.

        """;

    private const string DefaultResults = "/var/lib/cni/results:/var/lib/cni/multus/results";

    /// <summary><c>-pidfile</c>; empty: none.</summary>
    public string PidFile { get; init; } = "";

    /// <summary><c>-hostprefix</c>.</summary>
    public string HostPrefix { get; init; } = "";

    /// <summary><c>-socketpath</c>.</summary>
    public string SocketPath { get; init; } = DhcpConfig.DefaultSocketPath;

    /// <summary><c>-results</c>.</summary>
    public IReadOnlyList<string> Results { get; init; } = DefaultResults.Split(':');

    /// <summary><c>-broadcast</c>.</summary>
    public bool Broadcast { get; init; }

    /// <summary>True if the flags ask for the help text.</summary>
    public bool WantsHelp { get; init; }

    /// <summary>The other flags.</summary>
    public ClientTimings Timings { get; init; } = new();

    /// <summary>Reads flags as Go's package flag does: one or two dashes, the value after a blank or an equals sign.</summary>
    /// <param name="flags">The arguments after <c>daemon</c>.</param>
    /// <param name="fault">Why they are wrong; empty if they are not.</param>
    public static DaemonOptions? Parse(IReadOnlyList<string> flags, out string fault)
    {
        var options = new DaemonOptions();
        fault = "";
        for (var i = 0; i < flags.Count; i++)
        {
            var name = flags[i].StartsWith("--", StringComparison.Ordinal) ? flags[i][2..] : flags[i].TrimStart('-');
            if (name.Length == 0 || flags[i][0] != '-')
            {
                fault = $"unknown argument {flags[i]}";
                return null;
            }

            var equals = name.IndexOf('=');
            string? value = equals < 0 ? null : name[(equals + 1)..];
            name = equals < 0 ? name : name[..equals];
            if (name is "broadcast")
                value ??= "true";
            else if (name is "h" or "help")
                return options with { WantsHelp = true };
            else if (value is null && ++i < flags.Count)
                value = flags[i];
            if (Set(options, name, value, ref fault) is not { } next)
                return null;
            options = next;
        }

        return options;
    }

    private static DaemonOptions? Set(DaemonOptions options, string name, string? value, ref string fault)
    {
        if (value is null)
        {
            fault = $"flag needs an argument: -{name}";
            return null;
        }

        switch (name)
        {
            case "pidfile":
                return options with { PidFile = value };
            case "hostprefix" when value.Length == 0 || value[0] == '/':
                return options with { HostPrefix = value.TrimEnd('/') };
            case "socketpath" when value.StartsWith('/') && value[^1] != '/':
                return options with { SocketPath = value };
            case "results":
                return options with { Results = value.Split(':', StringSplitOptions.RemoveEmptyEntries) };
            case "broadcast" when value is "true" or "false" or "1" or "0":
                return options with { Broadcast = value is "true" or "1" };
        }

        var timings = options.Timings;
        var duration = GoDuration.TryParse(value);
        var next = (name, duration) switch
        {
            ("timeout", > 0) => timings with { Answer = duration.Value },
            ("resendmax", > 0) => timings with { LongestPause = duration.Value },
            ("resendtimeout", > 0) => timings with { GiveUp = duration.Value },
            ("probe", >= 0) => timings with { Probe = duration.Value },
            _ => null,
        };
        if (next is not null)
            return options with { Timings = next };
        fault = name switch
        {
            "hostprefix" or "socketpath" => $"invalid value \"{value}\" for flag -{name}: path not absolute",
            "timeout" or "resendmax" or "resendtimeout" or "probe" or "broadcast" => $"invalid value \"{value}\" for flag -{name}",
            _ => $"flag provided but not defined: -{name}",
        };
        return null;
    }
}
