using System.Text.Json;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam;

/// <summary>
/// The keys of an <c>ipam</c> section that nothing reads, a sentence each, for the validator: a typing error, or a key of another place. A
/// call ignores them, as the reference does. Pure.
/// </summary>
internal static class UnknownKeys
{
    private static readonly string[] range = ["subnet", "rangeStart", "rangeEnd", "gateway"];

    /// <summary>Those of host-local's section.</summary>
    public static IReadOnlyList<string> OfHostLocal(CniRequest request)
    {
        var found = new List<string>();
        if (Section(request) is not { } ipam)
            return found;
        // One range may stand in the section itself. "name" is a field of the reference's own type.
        found.AddUnknownIn(ipam, "host-local", ["type", "name", "dataDir", "resolvConf", "routes", "ranges", .. range]);
        foreach (var set in ipam.FindItems("ranges"))
        {
            foreach (var node in set.Value.Kind == JsonValueKind.Array ? set.AsList() : [])
                found.AddUnknownIn(node, "a range", range);
        }

        AddRoutes(found, ipam);
        return found;
    }

    /// <summary>Those of static's section.</summary>
    public static IReadOnlyList<string> OfStatic(CniRequest request)
    {
        var found = new List<string>();
        if (Section(request) is not { } ipam)
            return found;
        found.AddUnknownIn(ipam, "static", "type", "name", "addresses", "routes", "dns");
        // "version" is what a program writes that has the reference's own type.
        foreach (var node in ipam.FindItems("addresses"))
            found.AddUnknownIn(node, "an address", "address", "gateway", "version");
        AddRoutes(found, ipam);
        found.AddUnknownOfDns(ipam);
        return found;
    }

    private static void AddRoutes(List<string> found, ConfigNode ipam)
    {
        foreach (var node in ipam.FindItems("routes"))
            found.AddUnknownIn(node, "a route", "dst", "gw", "mtu", "advmss", "priority", "table", "scope");
    }

    private static ConfigNode? Section(CniRequest request) =>
        request.Config is { Value.Kind: JsonValueKind.Object } config && config.Find("ipam") is { Value.Kind: JsonValueKind.Object } ipam
            ? ipam
            : null;
}
