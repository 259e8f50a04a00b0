using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>What a valid config says to host-local.</summary>
internal sealed record HostLocalConfig
{
    /// <summary>Where the leases are, where the config says nothing.</summary>
    public const string DefaultDataDir = "/var/lib/cni/networks";

    /// <summary><c>dataDir</c>.</summary>
    public required string DataDir { get; init; }

    /// <summary><c>resolvConf</c>: a path; empty if absent.</summary>
    public required string ResolvConf { get; init; }

    /// <summary>The sets in the order of the result: of runtimeConfig.ipRanges, of the single range, of <c>ranges</c>.</summary>
    public required IReadOnlyList<RangeSet> RangeSets { get; init; }

    /// <summary><c>routes</c>.</summary>
    public required IReadOnlyList<CniRoute> Routes { get; init; }

    /// <summary>The requested addresses of all three sources, each once.</summary>
    public required IReadOnlyList<IPAddr> Requested { get; init; }

    /// <summary>Reads a call's config.</summary>
    /// <exception cref="CniException">The first thing that is wrong with it.</exception>
    public static HostLocalConfig Parse(CniRequest request)
    {
        var problems = new ConfigProblems();
        var config = HostLocalConfigReader.Read(request, problems);
        problems.ThrowFirst();
        return config;
    }

    /// <summary>The data directory of a config that may be wrong in every other way: what DEL and GC need to release.</summary>
    public static string DataDirOf(ConfigNode config)
    {
        var ignored = new ConfigProblems();
        var dataDir = ignored.Read("ipam.dataDir", () => config.FindObject("ipam")?.GetString("dataDir"));
        return string.IsNullOrEmpty(dataDir) || !IsPath(dataDir) ? DefaultDataDir : dataDir;
    }

    /// <summary>False for text that the kernel would take for a shorter path: it ends at the first NUL.</summary>
    public static bool IsPath(string text) => !text.Contains('\0');

    /// <summary>The requested address of each set: the first that is in it.</summary>
    /// <exception cref="CniException">An address that is in no set or that no pod can have, or a second one in a set.</exception>
    public IReadOnlyList<IPAddr?> AssignRequested()
    {
        var assigned = new IPAddr?[RangeSets.Count];
        var left = new List<IPAddr>();
        var index = Requested.Count > 0 ? IndexSets() : null;
        foreach (var address in Requested)
        {
            if (index!.Find(address) is not { Number: var set } || assigned[set] is not null)
            {
                left.Add(address);
                continue;
            }

            if (RangeSets[set].Reserved.FindRole(address) is { } role)
                throw new CniException(
                    CniErrorCode.InvalidNetworkConfig,
                    $"failed to allocate for range {set}: requested ip {address} is {role}",
                    "request another address"
                );
            assigned[set] = address;
        }

        return left.Count == 0
            ? assigned
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"failed to allocate all requested IPs: {string.Join(' ', left)}",
                $"an address is requested for each range set, within one of its ranges: {string.Join(" and ", RangeSets)}"
            );
    }

    /// <summary>All ranges, numbered by their sets.</summary>
    public RangeIndex IndexSets() => RangeIndex.OfSets(RangeSets.Select(static set => set.Ranges));
}
