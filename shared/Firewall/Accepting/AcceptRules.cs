using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;

namespace Plugboard.Firewall.Accepting;

/// <summary>
/// The rules that have the forward chain accept pods, byte for byte as the reference's firewall writes them, in the table filter:
/// <code>
/// -A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD
/// -A CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN
/// -A CNI-FORWARD -d 10.0.0.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
/// -A CNI-FORWARD -s 10.0.0.2/32 -j ACCEPT
/// </code>
/// They do not name an owner: the reference would not find them. All of one family at a time. Pure.
/// </summary>
public static class AcceptRules
{
    /// <summary>The table.</summary>
    public const string Table = "filter";

    /// <summary>The chain of the pods' rules.</summary>
    public const string Chain = "CNI-FORWARD";

    /// <summary>The chain that is asked first, where a config names no other.</summary>
    public const string DefaultAdminChain = "CNI-ADMIN";

    /// <summary>The chain that leads to it.</summary>
    public const string Forward = "FORWARD";

    /// <summary>The comments of the jumps to the pods' chain and to the administrator's.</summary>
    public const string JumpComment = "CNI firewall plugin rules",
        AdminComment = "CNI firewall plugin admin overrides";

    private static IptablesRule Jump => new(Forward, "-m", "comment", "--comment", JumpComment, "-j", Chain);

    private static IptablesRule AdminJump(string admin) => new(Chain, "-m", "comment", "--comment", AdminComment, "-j", admin);

    private static IptablesRule[] Of(IPAddr pod) =>
        [
            new(Chain, "-d", $"{IPPrefix.Host(pod)}", "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT"),
            new(Chain, "-s", $"{IPPrefix.Host(pod)}", "-j", "ACCEPT"),
        ];

    /// <summary>The changes that have these addresses accepted; empty if they are.</summary>
    /// <param name="table">The table as it is.</param>
    /// <param name="addresses">All of the table's family.</param>
    /// <param name="admin">The chain that is asked first; an empty one is made if it is missing.</param>
    /// <exception cref="IptablesWordException">The chain's name cannot be written in a rule.</exception>
    public static RestoreScript Add(NatTable table, IReadOnlyList<IPAddr> addresses, string admin)
    {
        var script = new RestoreScript(Table);
        // That this fails for all but the first of several processes keeps the jumps to a new chain single.
        if (!table.HasChain(Chain))
            script.Create(Chain);
        if (!table.HasChain(admin))
            script.Create(admin);
        foreach (var first in (IptablesRule[])[Jump, AdminJump(admin)])
        {
            if (!table.Has(first))
                script.Insert(first);
        }

        foreach (var rule in addresses.SelectMany(Of).Where(rule => !table.Has(rule)))
            script.Append(rule);
        return script;
    }

    /// <summary>
    /// The changes that remove the rules of addresses. The chains and the jumps to them stay, as the reference leaves them: it looks for
    /// them and adds to them with one process each, in between which they must not go.
    /// </summary>
    /// <param name="table">The table as it is.</param>
    /// <param name="addresses">All of the table's family; those without rules are passed over.</param>
    public static RestoreScript Delete(NatTable table, IReadOnlyList<IPAddr> addresses)
    {
        var script = new RestoreScript(Table);
        foreach (var (_, rule) in Find(table, addresses))
            script.Delete(rule);
        return script;
    }

    /// <summary>
    /// As <see cref="Delete"/>, by the rules' places. iptables-nft-restore that cannot ask the kernel for the revisions of a match writes
    /// an older one: the rule reads the same, and is not found by its text later.
    /// </summary>
    /// <param name="table">The table as it is.</param>
    /// <param name="addresses">All of the table's family.</param>
    public static RestoreScript DeleteByPlace(NatTable table, IReadOnlyList<IPAddr> addresses)
    {
        var script = new RestoreScript(Table);
        // From the end, so that no place changes before it is used.
        foreach (var (place, _) in Find(table, addresses).Reverse())
            script.DeleteAt(Chain, place);
        return script;
    }

    // The rules of addresses, with their places from 1.
    private static IEnumerable<(int Place, IptablesRule Rule)> Find(NatTable table, IReadOnlyList<IPAddr> addresses)
    {
        var own = addresses.SelectMany(Of).Select(static rule => rule.Meaning).ToHashSet(StringComparer.Ordinal);
        return table
            .Rules(Chain)
            .Select(static (rule, index) => (Place: index + 1, Rule: rule))
            .Where(each => own.Contains(each.Rule.Meaning));
    }

    /// <summary>The missing rules, in the reference's words; empty if all are there.</summary>
    public static IReadOnlyList<string> Check(NatTable table, IReadOnlyList<IPAddr> addresses, string admin)
    {
        var missing = new List<string>();
        if (!table.Has(Jump))
            missing.Add($"expected {Forward} rule [{Words(Jump)}] not found");
        if (!table.Has(AdminJump(admin)))
            missing.Add($"expected {Chain} rule [{Words(AdminJump(admin))}] not found");
        missing.AddRange(
            addresses.SelectMany(Of).Where(rule => !table.Has(rule)).Select(static rule => $"expected rule [{Words(rule)}] not found")
        );
        return missing;
    }

    private static string Words(IptablesRule rule) => string.Join(' ', rule.Words);
}
