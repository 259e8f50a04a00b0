using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>Reads the range sets of a config, in the order the reference puts them, with its texts for what is wrong. Pure.</summary>
internal sealed class RangeSetReader(ConfigProblems problems)
{
    private readonly List<IReadOnlyList<IPRange>?> sets = [];

    /// <summary>Reads <c>runtimeConfig.ipRanges</c>, the single range of <c>ipam</c> and <c>ipam.ranges</c>: each set's ranges.</summary>
    public static IReadOnlyList<IReadOnlyList<IPRange>> Read(
        CniRequest request,
        ConfigNode ipam,
        ConfigNode? runtime,
        ConfigProblems problems
    )
    {
        var reader = new RangeSetReader(problems);
        var before = problems.Count;
        if (runtime is { } node)
            reader.AddSets(node, "ipRanges");
        if (problems.Read("ipam.subnet", () => ipam.Find("subnet")) is not null)
            reader.AddSet(ipam.Path, [ipam]);
        reader.AddSets(ipam, "ranges");
        if (reader.sets.Count == 0 && problems.Count == before && !request.IsGivenPerPod("ipRanges"))
            problems.Add("ipam.ranges", "no IP ranges specified");
        reader.RefuseSecondOfFamily(request);
        reader.RefuseOverlaps();
        return problems.Count == before ? reader.sets.ConvertAll(set => set!) : [];
    }

    private void AddSets(ConfigNode parent, string key)
    {
        foreach (var set in problems.Read($"{parent.Path}.{key}", () => parent.GetList(key)) ?? [])
        {
            if (set.IsNull)
                AddSet(set.Path, []);
            else if (problems.Read(set.Path, () => ReadSet(set)) is { } nodes)
                AddSet(set.Path, nodes);
            else
                sets.Add(null);
        }
    }

    // People leave out the inner list.
    private static IReadOnlyList<ConfigNode> ReadSet(ConfigNode set)
    {
        try
        {
            return set.AsList();
        }
        catch (CniException e)
        {
            throw new CniException(e.Code, $"{e.Message}: each of these is a list of ranges, as in [[{{\"subnet\": …}}]]", e.Details, e);
        }
    }

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
            ranges.Add(range);
        }

        if (problems.Count == before && ranges.Count > 1)
        {
            foreach (var (first, second) in RangeIndex.OfRanges(ranges).FindOverlaps())
                Add(nodes[second.Number].Path, $"subnets {first.Range} and {second.Range} overlap");
        }

        sets.Add(problems.Count == before ? ranges : null);
    }

    private void Add(string path, string message, string? cause = null) =>
        problems.Add(path, $"invalid range set {sets.Count}: {message}", cause);

    private IPRange? ReadRange(ConfigNode node)
    {
        if (node.IsNull)
        {
            Add($"{node.Path}.subnet", "IP <nil> not v4 nor v6");
            return null;
        }

        var before = problems.Count;
        if (!problems.ReadObject(node))
            return null;
        var subnet = problems.Read($"{node.Path}.subnet", () => node.FindPrefix("subnet"));
        var start = problems.Read($"{node.Path}.rangeStart", () => node.FindAddress("rangeStart"));
        var end = problems.Read($"{node.Path}.rangeEnd", () => node.FindAddress("rangeEnd"));
        var gateway = problems.Read($"{node.Path}.gateway", () => node.FindAddress("gateway"));
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
            gateway ?? network.Address.Next()
        );
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
            Add(
                path,
                $"Network has host bits set. For a subnet mask of length {network.Length} the network address is {network.Network.Address}"
            );
        else if (start is { } first && !network.Contains(first))
            Add($"{node.Path}.rangeStart", $"RangeStart {first} not in network {network}");
        else if (end is { } final && !network.Contains(final))
            Add($"{node.Path}.rangeEnd", $"RangeEnd {final} not in network {network}");
        else if (range.End < range.Start)
            AddReversed(node, range, start);
        else if (PodAddress.FindBlock(range.Start, range.End) is { } block)
            Add(path, $"{range} overlaps with {block}: no pod can have such an address");
        else if (FindGatewayFault(range) is { } wrong)
            Add($"{node.Path}.gateway", $"gateway {range.Gateway} {wrong}");
    }

    // The reference says that the one which the config names is not in the network.
    private void AddReversed(ConfigNode node, IPRange range, IPAddr? start)
    {
        if (start is null)
            Add($"{node.Path}.rangeEnd", $"RangeEnd {range.End} not in network {range.Subnet}", $"the first address is {range.Start}");
        else
            Add($"{node.Path}.rangeStart", $"RangeStart {range.Start} not in network {range.Subnet}", $"it is after rangeEnd, {range.End}");
    }

    // One outside of the network is the reference's too: ptp reaches it, and so does a route of scope link. A link-local one is every
    // router's.
    private static string? FindGatewayFault(IPRange range)
    {
        var (gateway, network) = (range.Gateway, range.Subnet);
        if (gateway.Is6 != network.Is6)
            return $"is {Family(gateway.Is6)}, the network {network} is {Family(network.Is6)}";
        if (PodAddress.FindBlock(gateway, gateway) is { } block)
            return $"is in {block}: no router can have such an address";
        if (network.HasBroadcast && gateway == network.Address)
            return $"is the network address of {network}";
        return network.HasBroadcast && gateway == network.Last ? $"is the broadcast address of {network}" : null;
    }

    private static string Family(bool is6) => is6 ? "IPv6" : "IPv4";

    private void RefuseSecondOfFamily(CniRequest request)
    {
        if (request.CniVersion is not ("" or "0.1.0" or "0.2.0"))
            return;
        if (
            sets.Count(static set => set is [{ Start.Is6: false }, ..]) <= 1
            && sets.Count(static set => set is [{ Start.Is6: true }, ..]) <= 1
        )
            return;
        var version = problems.Read("cniVersion", () => request.Config.GetString("cniVersion"));
        problems.AddAsReference("ipam.ranges", $"CNI version {version} does not support more than 1 address per family");
    }

    private void RefuseOverlaps()
    {
        if (sets.Count < 2)
            return;
        var told = (-1, -1);
        foreach (var (first, second) in RangeIndex.OfSets(sets).FindOverlaps())
        {
            if (told != (first.Number, second.Number))
                problems.Add("ipam.ranges", $"range set {first.Number} overlaps with {second.Number}");
            told = (first.Number, second.Number);
        }
    }
}
