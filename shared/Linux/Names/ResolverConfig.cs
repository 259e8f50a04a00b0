using System.Globalization;
using Plugboard.Addresses;

namespace Plugboard.Linux.Names;

/// <summary>
/// What resolv.conf(5) says of name servers, search list and options. Pure but for the numbers of links. Source: resolv.conf(5).
/// </summary>
internal sealed record ResolverConfig
{
    private const int MostServers = 3;
    private const int MostDots = 15;
    private const int MostAttempts = 5;
    private const int MostSeconds = 5;

    /// <summary>The servers, in order. Without any, the machine's own, as in resolv.conf(5).</summary>
    public IReadOnlyList<NameServer> Servers { get; init; } = [];

    /// <summary>The domains that are appended to a short name, in their order.</summary>
    public IReadOnlyList<string> Search { get; init; } = [];

    /// <summary>ndots: a name with fewer dots is tried with the search list first.</summary>
    public int Dots { get; init; } = 1;

    /// <summary>
    /// timeout: how long a server may take. The C library has 5 seconds; a server that is away must not cost a connection's whole time.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>attempts: the number of passes through the list of servers.</summary>
    public int Attempts { get; init; } = 2;

    /// <summary>rotate: the first server is another one each time.</summary>
    public bool Rotates { get; init; }

    /// <summary>use-vc: TCP only.</summary>
    public bool UsesTcp { get; init; }

    /// <summary>single-request: for IPv4 first, and for IPv6 once that is answered.</summary>
    public bool OneAtATime { get; init; }

    /// <summary>no-aaaa: no lookup of IPv6 addresses.</summary>
    public bool OnlyIPv4 { get; init; }

    /// <summary>Reads the file's text; what is unknown or cannot be read is passed over, as the C library does.</summary>
    public static ResolverConfig Parse(string text)
    {
        var servers = new List<NameServer>();
        var config = new ResolverConfig();
        foreach (var line in text.Split('\n'))
        {
            var words = HostsFile.WordsOf(line);
            if (words is ["nameserver", var server, ..] && servers.Count < MostServers && NameServer.Parse(server) is { } known)
                servers.Add(known);
            else if (words is ["search" or "domain", ..])
                config = config with { Search = words[1..] };
            else if (words is ["options", ..])
                config = words[1..].Aggregate(config, static (before, option) => before.With(option));
        }

        return config with
        {
            Servers = servers.Count > 0 ? servers : [new NameServer(IPAddr.Parse("127.0.0.1"), 0)],
        };
    }

    private ResolverConfig With(string option)
    {
        var parts = option.Split(':', 2);
        var number =
            parts.Length > 1 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : (int?)null;
        return (parts[0], number) switch
        {
            ("ndots", { } dots) => this with { Dots = Math.Min(dots, MostDots) },
            ("timeout", { } seconds) => this with { Timeout = TimeSpan.FromSeconds(Math.Clamp(seconds, 1, MostSeconds)) },
            ("attempts", { } times) => this with { Attempts = Math.Clamp(times, 1, MostAttempts) },
            ("rotate", null) => this with { Rotates = true },
            ("use-vc", null) => this with { UsesTcp = true },
            ("single-request" or "single-request-reopen", null) => this with { OneAtATime = true },
            ("no-aaaa", null) => this with { OnlyIPv4 = true },
            _ => this,
        };
    }

    /// <summary>The full names that a name may stand for, in the order of lookup.</summary>
    public IEnumerable<string> Candidates(string name)
    {
        var whole = name.TrimEnd('.');
        if (name.EndsWith('.'))
            return [whole];
        var extended = Search.Select(domain => $"{whole}.{domain.Trim('.')}".TrimEnd('.'));
        return (whole.Count(static letter => letter == '.') >= Dots ? extended.Prepend(whole) : extended.Append(whole)).Distinct(
            StringComparer.OrdinalIgnoreCase
        );
    }
}
