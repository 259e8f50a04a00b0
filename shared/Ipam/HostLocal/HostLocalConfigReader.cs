using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>Reads a config from its JSON and says all that is wrong with it. Pure.</summary>
internal static class HostLocalConfigReader
{
    /// <summary>Reads a call's config; what it gives is of use only where there are no problems.</summary>
    public static HostLocalConfig Read(CniRequest request, ConfigProblems problems)
    {
        var config = request.Config;
        var runtime = problems.Read("runtimeConfig", () => config.FindObject("runtimeConfig"));
        var ipam = problems.Read("ipam", () => config.FindObject("ipam"));
        if (ipam is not { } keys)
        {
            if (problems.Count == 0)
                problems.AddAsReference("ipam", "IPAM config missing 'ipam' key");
            return new HostLocalConfig
            {
                DataDir = "",
                ResolvConf = "",
                RangeSets = [],
                Routes = [],
                Requested = [],
            };
        }

        var dataDir = ReadPath("dataDir");
        var resolvConf = ReadPath("resolvConf");
        var requested = ReadRequested(request, runtime, problems);
        var ranges = RangeSetReader.Read(request, keys, runtime, problems);
        var routes = RouteReader.Read(keys, problems);
        return new HostLocalConfig
        {
            DataDir = string.IsNullOrEmpty(dataDir) ? HostLocalConfig.DefaultDataDir : dataDir,
            ResolvConf = resolvConf ?? "",
            Requested = requested,
            RangeSets = MakeSets(ranges, ReservedAddresses.Of(ranges, routes), problems),
            Routes = routes,
        };

        string? ReadPath(string key)
        {
            var path = problems.Read($"ipam.{key}", () => keys.GetString(key));
            if (path is not null && !HostLocalConfig.IsPath(path))
                problems.Add($"ipam.{key}", $"invalid {key}: a path contains no NUL");
            return path;
        }
    }

    private static List<RangeSet> MakeSets(
        IReadOnlyList<IReadOnlyList<IPRange>> ranges,
        ReservedAddresses reserved,
        ConfigProblems problems
    )
    {
        var sets = new List<RangeSet>(ranges.Count);
        foreach (var each in ranges)
        {
            var set = new RangeSet(each, reserved);
            if (set.IsEmpty)
                problems.Add("ipam.ranges", $"invalid range set {sets.Count}: {set} has no address for a pod: {RoleOfAll(set)}");
            sets.Add(set);
        }

        return sets;
    }

    private static string RoleOfAll(RangeSet set) =>
        string.Join(
            ", ",
            set.Ranges.Select(range =>
                range.Start == range.End
                    ? $"{range.Start} is {set.Reserved.FindRole(range.Start) ?? "a route's gateway"}"
                    : $"{range} are gateways, network or broadcast addresses"
            )
        );

    private static List<IPAddr> ReadRequested(CniRequest request, ConfigNode? runtime, ConfigProblems problems)
    {
        var requested = new List<IPAddr>();
        // MAC is for the plugin that delegates: what serves the call as a whole is not unknown.
        var arguments = problems.Read("CNI_ARGS", () => CniArgs.Parse(request.Args, "IP", "MAC"));
        // Several addresses, one of each family, are divided by commas: so does Multus, and static reads them so.
        var text = arguments?.Find("IP") ?? "";
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (ParseRequested(part) is not { } address)
                problems.AddArgument($"ARGS: error parsing value of pair \"IP={text}\": invalid IP address {part}");
            else if (!requested.Contains(address))
                requested.Add(address);
        }

        var cni = problems.Read("args.cni", () => request.Config.FindObject("args")?.FindObject("cni"));
        AddRequested(cni, requested, problems);
        AddRequested(runtime, requested, problems);
        return requested;
    }

    private static void AddRequested(ConfigNode? source, List<IPAddr> requested, ConfigProblems problems)
    {
        if (source is not { } node)
            return;
        var path = $"{node.Path}.ips";
        var known = new HashSet<IPAddr>(requested);
        foreach (var text in problems.Read(path, () => node.GetStrings("ips")) ?? [])
        {
            if (ParseRequested(text) is { } address)
            {
                if (known.Add(address))
                    requested.Add(address);
            }
            else
            {
                problems.Add(path, text.Length == 0 ? "cannot understand ip: IP <nil> not v4 nor v6" : $"invalid IP address {text}");
            }
        }
    }

    // The prefix length is read and ignored: the range's holds.
    private static IPAddr? ParseRequested(string text)
    {
        if (text.Contains('/'))
            return IPPrefix.TryParse(text, out var prefix) ? prefix.Address : null;
        return IPAddr.TryParse(text, out var address) ? address : null;
    }
}
