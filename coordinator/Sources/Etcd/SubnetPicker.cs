using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>Which networks a node without a lease takes. Pure.</summary>
internal static class SubnetPicker
{
    private const int Choices = 100;

    /// <summary>
    /// The former networks, if they are free and the configuration still has them; else any of the first hundred free ones.
    /// </summary>
    /// <param name="conf">The cluster's network.</param>
    /// <param name="taken">The other nodes' networks.</param>
    /// <param name="previous">What it had before.</param>
    /// <param name="random">Chooses, so that nodes that start at once seldom want the same network.</param>
    /// <exception cref="FormatException">No network is free, or the configuration has none.</exception>
    public static ValueArray<IPPrefix> Pick(NetConf conf, IReadOnlyCollection<IPPrefix> taken, ValueArray<IPPrefix> previous, Random random)
    {
        var picked = new List<IPPrefix>(2);
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (!conf.Enables(is6))
                continue;
            var choice = SubnetChoice.Of(conf, is6);
            var had = previous.Where(subnet => choice.Allows(subnet) && !taken.Any(subnet.Overlaps)).ToList();
            if (had.Count > 0)
            {
                picked.Add(had[0]);
                continue;
            }

            var free = FindFree(choice, taken);
            picked.Add(
                free.Count > 0 ? free[random.Next(free.Count)] : throw new FormatException($"no network of {choice.Network} is free")
            );
        }

        return picked.ToValueArray();
    }

    /// <summary>The first hundred networks that overlap nothing that is taken.</summary>
    internal static List<IPPrefix> FindFree(SubnetChoice choice, IEnumerable<IPPrefix> taken)
    {
        // In their order one look from each end of the taken ones suffices: a larger one is stepped over as a whole.
        var ahead = taken.Where(subnet => subnet.Is6 == choice.Network.Is6).OrderBy(subnet => subnet.Network.Address).ToList();
        var free = new List<IPPrefix>();
        var at = 0;
        IPAddr? next = choice.First;
        while (next is { } address && address <= choice.Last && free.Count < Choices)
        {
            var candidate = new IPPrefix(address, choice.Length);
            while (at < ahead.Count && ahead[at].Last < address)
                at++;
            if (at < ahead.Count && ahead[at].Overlaps(candidate))
            {
                next = After(ahead[at].Last > candidate.Last ? ahead[at].Last : candidate.Last);
                continue;
            }

            free.Add(candidate);
            next = After(candidate.Last);
        }

        return free;
    }

    private static IPAddr? After(IPAddr last) => last == last.LastOf(0) ? null : last.Next();
}
