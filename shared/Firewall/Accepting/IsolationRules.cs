using Plugboard.Firewall.Iptables;

namespace Plugboard.Firewall.Accepting;

/// <summary>
/// The rules of an ingress policy, as the reference's firewall writes them, in the table filter; P is the policy's word:
/// <code>
/// -A FORWARD -m comment --comment "CNI firewall plugin rules (ingressPolicy: P)" -j CNI-ISOLATION-STAGE-1
/// -A CNI-ISOLATION-STAGE-1 -i br0 -o br0 -m comment --comment "…" -j DROP                            isolated only
/// -A CNI-ISOLATION-STAGE-1 -i br0 ! -o br0 -m comment --comment "…" -j CNI-ISOLATION-STAGE-2
/// -A CNI-ISOLATION-STAGE-1 -m comment --comment "…" -j RETURN
/// -A CNI-ISOLATION-STAGE-2 -o br0 -m comment --comment "…" -j DROP
/// -A CNI-ISOLATION-STAGE-2 -m comment --comment "…" -j RETURN
/// </code>
/// The reference never removes them. Of one family at a time. Pure.
/// </summary>
public static class IsolationRules
{
    /// <summary>The chain that the forward chain leads to.</summary>
    public const string FirstChain = "CNI-ISOLATION-STAGE-1";

    private const string SecondChain = "CNI-ISOLATION-STAGE-2";
    private const string Forward = "FORWARD";

    private static readonly IngressPolicy[] policies = [IngressPolicy.SameBridge, IngressPolicy.Isolated];

    private static string[] Comment(IngressPolicy policy) =>
        ["-m", "comment", "--comment", $"CNI firewall plugin rules (ingressPolicy: {IngressPolicyWord.Of(policy)})"];

    private static IptablesRule Jump(IngressPolicy policy) => new(Forward, [.. Comment(policy), "-j", FirstChain]);

    private static IptablesRule Return(string chain, IngressPolicy policy) => new(chain, [.. Comment(policy), "-j", "RETURN"]);

    // In the order in which each is inserted as its chain's first.
    private static List<IptablesRule> Of(string bridge, IngressPolicy policy)
    {
        List<IptablesRule> rules =
        [
            new(FirstChain, ["-i", bridge, "!", "-o", bridge, .. Comment(policy), "-j", SecondChain]),
            new(SecondChain, ["-o", bridge, .. Comment(policy), "-j", "DROP"]),
        ];
        if (policy == IngressPolicy.Isolated)
            rules.Add(new IptablesRule(FirstChain, ["-i", bridge, "-o", bridge, .. Comment(policy), "-j", "DROP"]));
        return rules;
    }

    /// <summary>The changes that give a bridge this policy and no other; empty if it has it.</summary>
    /// <param name="table">The table as it is.</param>
    /// <param name="bridge">The bridge.</param>
    /// <param name="policy">Its policy; open: it has no rules.</param>
    public static RestoreScript Set(NatTable table, string bridge, IngressPolicy policy)
    {
        var script = new RestoreScript(AcceptRules.Table);
        if (policy != IngressPolicy.Open)
            Add(script, table, bridge, policy);
        Remove(script, table, bridge, policy);
        return script;
    }

    /// <summary>The changes that remove a bridge's rules of all policies but one; empty if it has none.</summary>
    public static RestoreScript RemoveOthers(NatTable table, string bridge, IngressPolicy kept)
    {
        var script = new RestoreScript(AcceptRules.Table);
        Remove(script, table, bridge, kept);
        return script;
    }

    private static void Add(RestoreScript script, NatTable table, string bridge, IngressPolicy policy)
    {
        foreach (var chain in (string[])[FirstChain, SecondChain])
        {
            if (!table.HasChain(chain))
                script.Create(chain);
        }

        var jump = Jump(policy);
        if (!table.Has(jump))
        {
            script.Insert(jump);
        }
        else if (ComesAfterAccepts(table, jump))
        {
            script.Delete(jump);
            script.Insert(jump);
        }

        foreach (var rule in Of(bridge, policy).Where(rule => !table.Has(rule)))
            script.Insert(rule);
        foreach (var chain in (string[])[FirstChain, SecondChain])
        {
            if (!table.Has(Return(chain, policy)))
                script.Append(Return(chain, policy));
        }
    }

    // Where only the jump to the accepts was made again, it is the first one.
    private static bool ComesAfterAccepts(NatTable table, IptablesRule jump)
    {
        var first = table.Rules(Forward).FirstOrDefault(rule => rule.Target == AcceptRules.Chain || rule.Means(jump));
        return first?.Target == AcceptRules.Chain;
    }

    // What no bridge needs any more goes with the last one's rules.
    private static void Remove(RestoreScript script, NatTable table, string bridge, IngressPolicy kept)
    {
        if (kept == IngressPolicy.Open && IsAllOf(table, bridge))
        {
            // Rule by rule, as in AcceptRules.
            foreach (var rule in table.Referring(FirstChain).Concat(table.Rules(FirstChain)).Concat(table.Rules(SecondChain)))
                script.Delete(rule);
            script.RemoveEmpty(FirstChain);
            script.RemoveEmpty(SecondChain);
            return;
        }

        foreach (var policy in policies.Where(policy => policy != kept))
        {
            var gone = Of(bridge, policy).Select(static rule => rule.Meaning).ToHashSet(StringComparer.Ordinal);
            var own = OfPolicy(table, policy).ToList();
            var deleted = own.Where(rule => gone.Contains(rule.Meaning)).ToList();
            if (deleted.Count == 0)
                continue;
            deleted.ForEach(script.Delete);
            if (own.Exists(rule => rule.Target != "RETURN" && rule.Chain != Forward && !gone.Contains(rule.Meaning)))
                continue;
            foreach (var rule in own.Where(rule => rule.Target == "RETURN" || rule.Chain == Forward))
                script.Delete(rule);
        }
    }

    private static IEnumerable<IptablesRule> OfPolicy(NatTable table, IngressPolicy policy) =>
        new[] { Forward, FirstChain, SecondChain }.SelectMany(table.Rules).Where(rule => rule.Value("--comment") == Comment(policy)[3]);

    // True where nothing but this bridge's rules, and what belongs to none, is in the chains or leads to them.
    private static bool IsAllOf(NatTable table, string bridge)
    {
        var known = policies
            .SelectMany(policy =>
                Of(bridge, policy).Append(Return(FirstChain, policy)).Append(Return(SecondChain, policy)).Append(Jump(policy))
            )
            .ToList();
        return new[] { FirstChain, SecondChain }.All(table.HasChain)
            && new[] { FirstChain, SecondChain }
                .SelectMany(chain => table.Rules(chain).Concat(table.Referring(chain)))
                .All(rule => known.Exists(rule.Means));
    }

    /// <summary>The missing rules of a bridge's policy, a sentence each; empty if all are there.</summary>
    public static IReadOnlyList<string> Check(NatTable table, string bridge, IngressPolicy policy) =>
        [
            .. Of(bridge, policy)
                .Prepend(Jump(policy))
                .Where(rule => !table.Has(rule))
                .Select(static rule => $"expected rule [{string.Join(' ', rule.Words)}] of chain {rule.Chain} not found"),
        ];
}
