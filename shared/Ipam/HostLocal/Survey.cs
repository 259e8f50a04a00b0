using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Ipam.HostLocal;

/// <summary>The owners of a full range set's addresses, for the administrator. Opens every lease.</summary>
internal sealed class Survey
{
    private const int Examples = 3;

    private readonly List<IPAddr> old = [];
    private readonly string path;
    private readonly UInt128 size;
    private int leased;
    private int alien;

    private Survey(string path, UInt128 size)
    {
        this.path = path;
        this.size = size;
    }

    /// <summary>Files that a crash left.</summary>
    public List<IPAddr> Torn { get; } = [];

    /// <summary>Reads every lease of the set.</summary>
    public static Survey Of(LeaseStore store, RangeSet ranges)
    {
        var survey = new Survey(store.Path, ranges.Size);
        var boot = MachineBoot.FindTime();
        foreach (var (address, content) in store.Scan())
        {
            if (ranges.FindRange(address) is null || ranges.Reserved.FindRole(address) is not null)
                continue;
            survey.Count(address, content, boot is { } time && store.FindTime(address) is { } written && written < time);
        }

        return survey;
    }

    private void Count(IPAddr address, LeaseContent content, bool isOld)
    {
        switch (content.State)
        {
            case LeaseState.Torn:
                Torn.Add(address);
                break;
            case LeaseState.Alien:
                alien++;
                break;
            default:
                leased++;
                if (isOld)
                    old.Add(address);
                break;
        }
    }

    /// <summary>The number of addresses, their owners, and what to do.</summary>
    public override string ToString()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"of {size} addresses {leased} are leased in {path}");
        if (alien > 0)
            text += string.Create(CultureInfo.InvariantCulture, $", {alien} are reserved by files that are not leases");
        if (old.Count == 0)
            return text;
        var more = old.Count > Examples ? ", …" : "";
        var names = string.Join(", ", old.GetRange(0, int.Min(Examples, old.Count)));
        return text
            + string.Create(
                CultureInfo.InvariantCulture,
                $"; {old.Count} of them are older than the last boot ({names}{more}): GC releases leases of containers that are gone, "
                    + $"or remove such files"
            );
    }
}
