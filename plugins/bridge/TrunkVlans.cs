using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The <c>vlanTrunk</c> key: entries of <c>id</c> or <c>minID</c> with <c>maxID</c>. Pure.</summary>
internal static class TrunkVlans
{
    private const int Last = 4094;

    /// <summary>The VLANs it names, ascending, each once.</summary>
    public static IReadOnlyList<int> Parse(ConfigNode config)
    {
        var entries = config.GetList("vlanTrunk");
        if (entries.Count == 0)
            return [];
        var wanted = new bool[Last + 1];
        foreach (var entry in entries)
        {
            if (entry.FindInt("minID") is var min && entry.FindInt("maxID") is var max && (min ?? max) is not null)
                AddRange(wanted, min, max);
            if (entry.FindInt("id") is { } id)
                wanted[IsVlan(id) ? id : throw Wrong("incorrect trunk id parameter", id)] = true;
        }

        var vlans = new List<int>();
        for (var id = 1; id <= Last; id++)
        {
            if (wanted[id])
                vlans.Add(id);
        }

        return vlans;
    }

    private static void AddRange(bool[] wanted, int? min, int? max)
    {
        if (min is null)
            throw Wrong("minID and maxID should be configured simultaneously, minID is missing", max);
        if (max is null)
            throw Wrong("minID and maxID should be configured simultaneously, maxID is missing", min);
        if (!IsVlan(min.Value))
            throw Wrong("incorrect trunk minID parameter", min);
        if (!IsVlan(max.Value))
            throw Wrong("incorrect trunk maxID parameter", max);
        if (min > max)
            throw Wrong("minID is greater than maxID in trunk parameter", min);
        wanted.AsSpan(min.Value, max.Value - min.Value + 1).Fill(true);
    }

    private static bool IsVlan(int id) => id is >= 1 and <= Last;

    private static CniException Wrong(string message, int? value) =>
        new(CniErrorCode.InvalidNetworkConfig, message, $"correct the vlanTrunk entry with {value}: VLAN ids are 1 to {Last}");
}
