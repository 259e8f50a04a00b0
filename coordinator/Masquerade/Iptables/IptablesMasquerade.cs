using Plugboard.Coordinator.Engine;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Masquerade.Iptables;

/// <summary>Keeps chains by the iptables tools: reads a table, and writes only where it says something else.</summary>
/// <param name="options">Which tools.</param>
/// <param name="client">Tells without a process whether there is anything of ours; null: the kernel has no nf_tables.</param>
internal sealed class IptablesMasquerade(IptablesOptions options, NftablesClient? client)
{
    private static readonly (string Table, bool Is6)[] All = [("nat", false), ("nat", true), ("filter", false), ("filter", true)];

    private IReadOnlyList<OwnedChains>? verified;
    private uint generation;

    /// <summary>False once the tools refused <c>--random-fully</c>.</summary>
    public bool HasRandomFully { get; private set; } = true;

    /// <summary>Makes the tables so; what is ours in tables that are not named is taken away.</summary>
    /// <param name="wanted">How; the same object while nothing else is wanted.</param>
    /// <param name="isForced">Look at all of it, whatever the ruleset's number says.</param>
    public SyncOutcome Sync(IReadOnlyList<OwnedChains> wanted, bool isForced)
    {
        // Only rules that iptables keeps in nftables change that number.
        var number = client?.GetGeneration();
        if (
            !isForced
            && ReferenceEquals(wanted, verified)
            && number == generation
            && wanted.All(kept => IsInNftables(kept.Table, kept.Is6))
        )
            return SyncOutcome.Steady;
        verified = null;
        var outcome = Apply(wanted, isDryRun: false);
        if (outcome is { Changes.Count: 0, Problems.Count: 0 } && number is { } verifiedNumber)
            (verified, generation) = (wanted, verifiedNumber);
        return outcome;
    }

    /// <summary>What <see cref="Sync"/> would do.</summary>
    public SyncOutcome Plan(IReadOnlyList<OwnedChains> wanted) => Apply(wanted, isDryRun: true);

    /// <summary>Takes away what is ours; or only tells.</summary>
    public SyncOutcome Remove(bool isDryRun)
    {
        verified = null;
        return Apply([], isDryRun);
    }

    private SyncOutcome Apply(IReadOnlyList<OwnedChains> wanted, bool isDryRun)
    {
        var (changes, problems) = (new List<Change>(), new List<string>());
        foreach (var (table, is6) in All)
        {
            try
            {
                if (wanted.FirstOrDefault(each => each.Table == table && each.Is6 == is6) is { } kept)
                    Apply(kept, options.Variant, isDryRun, changes);
                else
                    RemoveFrom(new OwnedChains(table, is6), isDryRun, changes);
            }
            catch (Exception e) when (e is IptablesException or ErrnoException)
            {
                // One family's tools may be missing while the other's work.
                HasRandomFully = HasRandomFully && !e.Message.Contains("random-fully", StringComparison.Ordinal);
                problems.Add(e.Message);
            }
        }

        return new SyncOutcome(changes, problems);
    }

    private void RemoveFrom(OwnedChains nothing, bool isDryRun, List<Change> changes)
    {
        if (IsInNftables(nothing.Table, nothing.Is6))
            Apply(nothing, options.Variant == IptablesVariant.Default ? IptablesVariant.Nft : options.Variant, isDryRun, changes);
        if (LegacyTable.HasChain(nothing.Is6, nothing.Table, OwnedChains.MarkerChain))
            Apply(nothing, IptablesVariant.Legacy, isDryRun, changes);
    }

    private bool IsInNftables(string table, bool is6) =>
        client?.Has(new Chain(new Table(is6 ? NftFamily.IPv6 : NftFamily.IPv4, table), OwnedChains.MarkerChain)) == true;

    private void Apply(OwnedChains kept, IptablesVariant variant, bool isDryRun, List<Change> changes)
    {
        var tables = new IptablesClient(kept.Is6, options with { Table = kept.Table, Variant = variant });
        var script = new RestoreScript(kept.Table);
        if (isDryRun)
            script = kept.Plan(tables.Read());
        else
            tables.Change(present => script = kept.Plan(present));
        var tool = $"{(kept.Is6 ? "ip6tables" : "iptables")} -t {kept.Table} ";
        for (var number = 2; script.Line(number) is { } line; number++)
            changes.Add(Read(tool, line));
    }

    private static Change Read(string tool, string line) =>
        line[..2] switch
        {
            "-D" => new Change(ChangeVerb.Delete, "rule", tool + line),
            "-F" or "-X" => new Change(ChangeVerb.Delete, "chain", tool + line),
            "-A" or "-I" => new Change(ChangeVerb.Add, "rule", tool + line),
            _ => new Change(ChangeVerb.Replace, "chain", tool + line),
        };
}
