using Plugboard.Addresses;

namespace Plugboard.Linux.Names;

/// <summary>
/// Looks up a name's addresses of both families. As in the C library's resolver, the next server follows one that fails, refuses or does
/// not answer, and a truncated answer is requested over TCP. Unlike it, a lookup never takes longer than its limit. For one name.
/// </summary>
/// <param name="config">The name servers, and the options.</param>
/// <param name="longest">The limit of the whole lookup.</param>
internal sealed class Resolver(ResolverConfig config, TimeSpan longest)
{
    private readonly TimeProvider clock = TimeProvider.System;
    private readonly long began = TimeProvider.System.GetTimestamp();
    private readonly Dictionary<NameServer, string> failures = [];
    private readonly List<IPAddr> found = [];
    private readonly HashSet<NameServer> denying = [];
    private bool wasAsked;

    /// <summary>The addresses, IPv4 first; or the reason for their absence.</summary>
    public NameLookup Resolve(string name)
    {
        foreach (var candidate in config.Candidates(name))
        {
            Ask(candidate);
            if (found.Count > 0)
                return new NameLookup(found.OrderBy(static address => address.Is6).ToList());
            if (Left <= TimeSpan.Zero)
                break;
        }

        return new NameLookup([], Describe());
    }

    private TimeSpan Left => longest - clock.GetElapsedTime(began);

    private string Describe()
    {
        if (!wasAsked)
            return "invalid host name";
        var failed = string.Join("; ", failures.Select(static failure => $"{failure.Key}: {failure.Value}"));
        return denying.Count == 0
            ? $"no name server could say: {(failed.Length > 0 ? failed : "no time was left to ask one")}"
            : $"no such name, says {string.Join(", ", denying)}{(failed.Length > 0 ? $"; {failed}" : "")}";
    }

    private void Ask(string candidate)
    {
        // Random, so that an attacker who does not see the question cannot guess it.
        var pending = ((bool[])(config.OnlyIPv4 ? [false] : [false, true]))
            .Select(is6 => DnsMessage.Ask((ushort)Random.Shared.Next(ushort.MaxValue + 1), candidate, is6))
            .OfType<byte[]>()
            .ToList();
        wasAsked |= pending.Count > 0;
        var first = config.Rotates ? Random.Shared.Next(config.Servers.Count) : 0;
        for (var turn = 0; turn < config.Attempts && found.Count == 0; turn++)
        {
            for (var i = 0; i < config.Servers.Count && pending.Count > 0 && Left > TimeSpan.Zero; i++)
                AskOne(config.Servers[(first + i) % config.Servers.Count], pending);
        }
    }

    private void AskOne(NameServer server, List<byte[]> pending)
    {
        foreach (
            var questions in config.OneAtATime
                ? pending.Select(static question => new List<byte[]> { question }).ToList()
                : [pending.ToList()]
        )
        {
            var limit = found.Count > 0 ? DnsExchange.ForTheOther : config.Timeout;
            var replies = DnsExchange.Ask(server, questions, limit < Left ? limit : Left, config.UsesTcp);
            for (var i = 0; i < replies.Length; i++)
            {
                if (replies[i].Outcome == DnsOutcome.Failed)
                {
                    failures.TryAdd(server, replies[i].Failure);
                    continue;
                }

                found.AddRange(replies[i].Addresses);
                denying.Add(server);
                pending.Remove(questions[i]);
            }
        }
    }
}
