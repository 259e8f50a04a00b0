using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>Reads the range sets of a config, in the order the reference puts them, with its texts for what is wrong. Pure.</summary>
internal sealed class RangeSetReader(ConfigProblems problems)
{
    private readonly List<RangeSet?> sets = [];

    /// <summary>Reads <c>runtimeConfig.ipRanges</c>, the single range of <c>ipam</c> and <c>ipam.ranges</c>.</summary>
    public static IReadOnlyList<RangeSet> Read(CniRequest request, ConfigNode ipam, ConfigNode? runtime, ConfigProblems problems)
    {
        var reader = new RangeSetReader(problems);
        var before = problems.Count;
        if (runtime is { } node)
            reader.AddSets(node, "ipRanges");
        if (problems.Read("ipam.subnet", () => ipam.Find("subnet")) is not null)
            reader.AddSet(ipam.Path, [ipam]);
        reader.AddSets(ipam, "ranges");
        if (reader.sets.Count == 0 && problems.Count == before)
            problems.Add("ipam.ranges", "no IP ranges specified");
        reader.RefuseSecondOfFamily(request);
        reader.RefuseOverlaps();
        return problems.Count == 0 ? reader.sets.ConvertAll(set => set!) : [];
    }

    private void AddSets(ConfigNode parent, string key)
    {
        foreach (var set in problems.Read($"{parent.Path}.{key}", () => parent.GetList(key)) ?? [])
            AddSet(set.Path, IsNull(set) ? [] : problems.Read(set.Path, set.AsList) ?? []);
    }

    private static bool IsNull(ConfigNode node) => node.IsNull;

    private void AddSet(string path, IReadOnlyList<ConfigNode> nodes)
    {
        var before = problems.Count;
        if (nodes.Count == 0)
            Add(path, "empty range set");
        var ranges = new List<IPRange>(nodes.Count);
        foreach (var node in nodes)
        {
            if (ReadRange(node) is not { } range)
                continue;
            if (ranges.Count > 0 && ranges[0].Start.Is6 != range.Start.Is6)
                Add(node.Path, "mixed address families");
            foreach (var other in ranges)
            {
                if (other.Overlaps(range))
                    Add(node.Path, $"subnets {other} and {range} overlap");
            }

            ranges.Add(range);
        }

        sets.Add(problems.Count == before ? new RangeSet(ranges) : null);
    }

    private void Add(string path, string message) => problems.Add(path, $"invalid range set {sets.Count}: {message}");

    private IPRange? ReadRange(ConfigNode node)
    {
        var before = problems.Count;
        var isNull = IsNull(node);
        var subnet = isNull ? null : problems.Read($"{node.Path}.subnet", () => node.FindPrefix("subnet"));
        var start = isNull ? null : problems.Read($"{node.Path}.rangeStart", () => node.FindAddress("rangeStart"));
        var end = isNull ? null : problems.Read($"{node.Path}.rangeEnd", () => node.FindAddress("rangeEnd"));
        var gateway = isNull ? null : problems.Read($"{node.Path}.gateway", () => node.FindAddress("gateway"));
        if (problems.Count > before)
            return null;
        if (subnet is not { } network)
        {
            Add($"{node.Path}.subnet", "IP <nil> not v4 nor v6");
            return null;
        }

        var range = new IPRange(
            network,
            start ?? network.Address.Next(),
            end ?? (network.Is6 ? network.Last : network.Last.Previous()),
            gateway ?? network.Address.Next());
        Validate(node, range, start, end);
        return problems.Count > before ? null : range;
    }

    private void Validate(ConfigNode node, IPRange range, IPAddr? start, IPAddr? end)
    {
        var network = range.Subnet;
        var path = $"{node.Path}.subnet";
        if (network.Length > network.Address.BitLength - 2)
            Add(path, $"Network {network} too small to allocate from");
        else if (network.Address.Is4 && node.GetString("subnet").Contains(':'))
            Add(path, "IPNet IP and Mask version mismatch");
        else if (!network.IsNetwork)
            Add(path, $"Network has host bits set. For a subnet mask of length {network.Length} the network address is {network.Network.Address}");
        else if (start is { } first && (!network.Contains(first) || (end is { } last && last < first)))
            Add($"{node.Path}.rangeStart", $"RangeStart {first} not in network {network}");
        else if (end is { } final && (!network.Contains(final) || final < range.Start))
            Add($"{node.Path}.rangeEnd", $"RangeEnd {final} not in network {network}");
    }

    private void RefuseSecondOfFamily(CniRequest request)
    {
        if (request.CniVersion is not ("" or "0.1.0" or "0.2.0"))
            return;
        if (sets.FindAll(set => set is { Is6: false }).Count <= 1 && sets.FindAll(set => set is { Is6: true }).Count <= 1)
            return;
        var version = problems.Read("cniVersion", () => request.Config.GetString("cniVersion"));
        problems.Add("ipam.ranges", $"CNI version {version} does not support more than 1 address per family");
    }

    private void RefuseOverlaps()
    {
        for (var i = 0; i < sets.Count; i++)
        {
            for (var j = i + 1; j < sets.Count; j++)
            {
                if (sets[i] is { } one && sets[j] is { } other && one.Overlaps(other))
                    problems.Add("ipam.ranges", $"range set {i} overlaps with {j}");
            }
        }
    }
}
