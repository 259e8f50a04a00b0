using Plugboard.Addresses;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined;

/// <summary>The keys of an sbr config, read and validated. Pure.</summary>
internal sealed record SbrConfig
{
    private static readonly string[] keys = ["table", "gateways", "addSourceHints"];

    /// <summary>The routing table, whose routes the IPAM plugin gives; null: a free one, which gets the interface's routes.</summary>
    public int? Table { get; private init; }

    /// <summary>The default gateways, at most one of a family; empty: those of the result.</summary>
    public IReadOnlyList<IPAddr> Gateways { get; private init; } = [];

    /// <summary>The interface's networks stay in the main table, with the source to use.</summary>
    public bool AddSourceHints { get; private init; }

    /// <summary>Reads a config; what is wrong is a <see cref="CniException"/>.</summary>
    public static SbrConfig Parse(ConfigNode node) =>
        new()
        {
            Table = ReadTable(node.FindInt("table")),
            Gateways = ReadGateways(node.GetStrings("gateways")),
            AddSourceHints = node.GetBool("addSourceHints"),
        };

    /// <summary>All that is wrong with a config, a sentence each.</summary>
    public static IReadOnlyList<string> Validate(ConfigNode node)
    {
        var problems = new List<string>();
        problems.Try("table", () => ReadTable(node.FindInt("table")));
        problems.Try("gateways", () => ReadGateways(node.GetStrings("gateways")));
        problems.Try("addSourceHints", () => node.GetBool("addSourceHints"));
        problems.AddUnknown(node, keys, "is not a key of sbr and has no effect");
        if (problems.Count == 0 && Parse(node) is { Table: not null } config && (config.Gateways.Count > 0 || config.AddSourceHints))
            problems.Add("table: with it no routes are changed: gateways and addSourceHints have no effect");
        return problems;
    }

    /// <summary>The table of a config that may be wrong in every other way.</summary>
    public static int? TableOf(ConfigNode node) => InterfaceKeys.Leniently<int?>(node, static config => config.FindInt("table"), null);

    private static int? ReadTable(int? table) =>
        table is null or > 0 ? table : throw Wrong($"invalid table {table}", "table is the number of a routing table, from 1");

    private static List<IPAddr> ReadGateways(IReadOnlyList<string> texts)
    {
        if (texts.Count > 2)
            throw Wrong("gateways list cannot contain more than 2 entries (one IPv4, one IPv6)", "remove gateways");
        var gateways = new List<IPAddr>(2);
        foreach (var text in texts)
        {
            if (!IPAddr.TryParse(text, out var gateway))
                throw Wrong($"invalid static gateway IP address: {text}", "gateways wants addresses, such as 10.1.0.1 and fd00::1");
            foreach (var other in gateways)
            {
                if (other.Is6 == gateway.Is6)
                {
                    throw Wrong(
                        $"gateways list contains multiple {(gateway.Is6 ? "IPv6" : "IPv4")} addresses: {other} and {gateway}",
                        "a family has one default gateway: remove one"
                    );
                }
            }

            gateways.Add(gateway);
        }

        return gateways;
    }

    private static CniException Wrong(string message, string todo) => new(CniErrorCode.InvalidNetworkConfig, message, todo);
}
