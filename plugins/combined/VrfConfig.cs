using System.Globalization;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined;

/// <summary>The keys of a vrf config, read and validated. Pure.</summary>
/// <param name="Name">The VRF's name.</param>
/// <param name="Table">Its routing table; null: a free one.</param>
internal sealed record VrfConfig(string Name, int? Table)
{
    private static readonly string[] keys = ["vrfname", "table"];

    /// <summary>Reads a config; what is wrong is a <see cref="CniException"/>.</summary>
    public static VrfConfig Parse(ConfigNode node) => new(ReadName(node), ReadTable(node));

    /// <summary>All that is wrong with a config, a sentence each.</summary>
    public static IReadOnlyList<string> Validate(ConfigNode node)
    {
        var problems = new List<string>();
        problems.Try("vrfname", () => ReadName(node));
        problems.Try("table", () => ReadTable(node));
        problems.AddUnknown(node, keys, "is not a key of vrf and has no effect");
        return problems;
    }

    /// <summary>The VRF's name, of which a DEL reads nothing else; null if no ADD accepts what the config has in its place.</summary>
    public static string? FindName(ConfigNode node)
    {
        try
        {
            return ReadName(node);
        }
        catch (CniException)
        {
            return null;
        }
    }

    private static string ReadName(ConfigNode node)
    {
        var name = node.GetString("vrfname");
        if (name.Length == 0)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "configuration is expected to have a valid vrf name",
                "add vrfname, the name of the VRF in the container, to the network config"
            );
        }

        return InterfaceName.FindFault(name) is { } fault
            ? throw new CniException(CniErrorCode.InvalidNetworkConfig, $"vrfname \"{name}\" {fault}", "choose another name for the VRF")
            : name;
    }

    // local, main and default have meanings of the kernel's, and 0 is none.
    private static int? ReadTable(ConfigNode node)
    {
        var table = node.FindInt("table");
        return table switch
        {
            null or 0 => null,
            < 0 => throw Wrong(table.Value, "table is the number of a routing table, from 1; 0 or nothing: a free one"),
            >= 253 and <= 255 => throw Wrong(table.Value, "253, 254 and 255 are the tables default, main and local: choose another"),
            _ => table,
        };
    }

    private static CniException Wrong(int table, string todo) =>
        new(CniErrorCode.InvalidNetworkConfig, "invalid table " + table.ToString(CultureInfo.InvariantCulture), todo);
}
