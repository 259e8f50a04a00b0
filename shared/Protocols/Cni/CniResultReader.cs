using System.Text.Json;
using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>Reads a result of any version into the form of 1.1.0. Fields that are not of its version are dropped.</summary>
public static class CniResultReader
{
    /// <summary>What a plugin printed; a version that it does not say is the config's.</summary>
    /// <exception cref="CniException">Code 6: it is no result, or of an unknown version.</exception>
    public static CniResult Read(ReadOnlySpan<byte> text, string configVersion)
    {
        const string Prefix = "failed to unmarshal raw result";
        var value = JsonText.Parse(text, Prefix);
        if (value.Kind == JsonValueKind.Null)
            return new CniResult();
        var node = new ConfigNode(value, "");
        if (value.Kind != JsonValueKind.Object)
            throw new CniException(CniErrorCode.DecodingFailure, $"{Prefix}: {node.Mismatch("an object")}");
        var version = node.GetString("cniVersion") is { Length: > 0 } said ? said : configVersion;
        return CniVersions.FamilyOf(version) is { } family
            ? Read(node, family)
            : throw new CniException(CniErrorCode.DecodingFailure, $"unsupported CNI result version {GoText.Quote(version)}");
    }

    /// <summary>A config's <c>prevResult</c>, which must be of the same family of versions as the config.</summary>
    /// <exception cref="CniException">Code 6: it is of another, or no result.</exception>
    public static CniResult ReadPrevious(ConfigNode prevResult, string configVersion)
    {
        var family = CniVersions.FamilyOf(configVersion) ?? CniResultFamily.V100;
        try
        {
            var version = prevResult.Find("cniVersion")?.AsString();
            if (version is not null && CniVersions.FamilyOf(version) != family && !(version.Length == 0 && family == CniResultFamily.V020))
            {
                var supported = family switch
                {
                    CniResultFamily.V020 => "[ 0.1.0 0.2.0]",
                    CniResultFamily.V040 => "[0.3.0 0.3.1 0.4.0]",
                    _ => "[1.0.0 1.1.0]",
                };
                throw new CniException(
                    CniErrorCode.DecodingFailure,
                    $"result type supports {supported} but unmarshalled CNIVersion is {GoText.Quote(version)}",
                    "prevResult must be of the config's own cniVersion"
                );
            }

            return Read(prevResult, family);
        }
        catch (CniException e)
        {
            throw new CniException(e.Code, $"could not parse prevResult: {e.Message}", e.Details, e);
        }
    }

    private static CniResult Read(ConfigNode node, CniResultFamily family) =>
        family switch
        {
            CniResultFamily.V020 => Read020(node),
            _ => new CniResult
            {
                Interfaces = ReadList(node, "interfaces", member => ReadInterface(member, family)),
                IPs = ReadList(node, "ips", ReadIP),
                Routes = ReadList(node, "routes", ReadRoute),
                Dns = ReadDns(node),
            },
        };

    private static CniResult Read020(ConfigNode node)
    {
        var ips = new List<CniIP>();
        var routes = new List<CniRoute>();
        Read020Family(node.FindObject("ip4"), ips, routes);
        Read020Family(node.FindObject("ip6"), ips, routes);
        return new CniResult
        {
            IPs = ips,
            Routes = routes,
            Dns = ReadDns(node),
        };
    }

    private static void Read020Family(ConfigNode? family, List<CniIP> ips, List<CniRoute> routes)
    {
        if (family is not { } node)
            return;
        ips.Add(new CniIP(Required(node, "ip")) { Gateway = node.FindAddress("gateway") });
        foreach (var route in node.GetList("routes"))
            routes.Add(new CniRoute(Required(route, "dst")) { Gw = route.FindAddress("gw") });
    }

    private static CniInterface ReadInterface(ConfigNode node, CniResultFamily family)
    {
        var device = new CniInterface(node.GetString("name")) { Mac = node.GetString("mac"), Sandbox = node.GetString("sandbox") };
        return family == CniResultFamily.V040
            ? device
            : device with
            {
                Mtu = node.FindInt("mtu") ?? 0,
                SocketPath = node.GetString("socketPath"),
                PciId = node.GetString("pciID"),
            };
    }

    private static CniIP ReadIP(ConfigNode node) =>
        new(Required(node, "address")) { Gateway = node.FindAddress("gateway"), Interface = node.FindInt("interface") };

    /// <summary>
    /// A route of a result or of an IPAM config: <c>dst</c>, <c>gw</c>, <c>mtu</c>, <c>advmss</c>, <c>priority</c>, <c>table</c>,
    /// <c>scope</c>.
    /// </summary>
    /// <exception cref="CniException">Code 6: a field is of the wrong type, or <c>dst</c> is missing.</exception>
    public static CniRoute ReadRoute(ConfigNode node) =>
        new(Required(node, "dst"))
        {
            Gw = node.FindAddress("gw"),
            Mtu = node.FindInt("mtu") ?? 0,
            AdvMss = node.FindInt("advmss") ?? 0,
            Priority = node.FindInt64("priority") ?? 0,
            Table = node.FindInt("table"),
            Scope = node.FindInt("scope"),
        };

    /// <summary>The member <c>dns</c> of a result or a config: <c>nameservers</c>, <c>domain</c>, <c>search</c>, <c>options</c>.</summary>
    /// <exception cref="CniException">Code 6: a field is of the wrong type.</exception>
    public static CniDns ReadDns(ConfigNode node) =>
        node.FindObject("dns") is not { } dns
            ? CniDns.None
            : new CniDns
            {
                Nameservers = dns.GetStrings("nameservers"),
                Domain = dns.GetString("domain"),
                Search = dns.GetStrings("search"),
                Options = dns.GetStrings("options"),
            };

    private static T[] ReadList<T>(ConfigNode node, string key, Func<ConfigNode, T> read)
        where T : class
    {
        var nodes = node.GetList(key);
        var values = new T[nodes.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = read(nodes[i]);
        return values;
    }

    private static IPPrefix Required(ConfigNode node, string key) =>
        node.FindPrefix(key)
        ?? throw new CniException(
            CniErrorCode.DecodingFailure,
            $"{(node.Path.Length == 0 ? key : node.Path + "." + key)} is missing",
            "it wants address/length"
        );
}
