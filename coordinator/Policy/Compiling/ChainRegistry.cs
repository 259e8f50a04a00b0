using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>
/// The chain of one policy in one direction, or of all cluster policies of one tier that select some pods, with the sets that it needs.
/// </summary>
/// <param name="chain">The chain.</param>
/// <param name="needs">The sets.</param>
internal sealed class RuleChain(PolicyChain chain, IReadOnlyList<SetResource> needs)
{
    /// <summary>The chain.</summary>
    public PolicyChain Chain { get; } = chain;

    /// <summary>The sets that it needs.</summary>
    public IReadOnlyList<SetResource> Needs { get; } = needs;

    /// <summary>How many profiles jump to it.</summary>
    public int References { get; set; }
}

/// <summary>The chain of all policies of some pods in one direction: pods with the same policies share it.</summary>
/// <param name="chain">The chain.</param>
/// <param name="parts">The chains of policies and tiers.</param>
internal sealed class ProfileChain(PolicyChain chain, IReadOnlyList<RuleChain> parts)
{
    /// <summary>The chain.</summary>
    public PolicyChain Chain { get; } = chain;

    /// <summary>The chains of policies and tiers.</summary>
    public IReadOnlyList<RuleChain> Parts { get; } = parts;

    /// <summary>How many pods have it.</summary>
    public int References { get; set; }
}

/// <summary>The chains of the policies that select pods of this node.</summary>
/// <param name="sets">The sets that their rules need.</param>
internal sealed class ChainRegistry(SetRegistry sets)
{
    private readonly Dictionary<(ObjectName Policy, PolicyDirection Direction), string> names = [];
    private readonly Dictionary<(PolicyTier Tier, PolicyDirection Direction, string Policies), string> tierNames = [];
    private readonly Dictionary<string, RuleChain> rules = new(StringComparer.Ordinal);
    private readonly Dictionary<PolicySet, int> closing = [];
    private readonly Dictionary<string, ProfileChain> profiles = new(StringComparer.Ordinal);

    /// <summary>The chains of pods.</summary>
    public IReadOnlyCollection<ProfileChain> Profiles => profiles.Values;

    /// <summary>The chains of policies, and of tiers of cluster policies.</summary>
    public IReadOnlyCollection<RuleChain> Rules => rules.Values;

    /// <summary>True if one more element of a set may forbid a connection: a rule that does not accept asks for it.</summary>
    public bool CanForbid(PolicySet set) => closing.ContainsKey(set);

    /// <summary>The chain of these policies, for one more pod; null without policies.</summary>
    /// <param name="policies">Those that judge the pod in the direction.</param>
    /// <param name="direction">The direction.</param>
    /// <param name="delta">Gets what comes.</param>
    public ProfileChain? Acquire(JudgingPolicies policies, PolicyDirection direction, DeltaRecorder delta)
    {
        if (policies.IsNone)
            return null;
        var parts = new List<RuleChain>();
        if (policies.Admin.Count > 0)
            parts.Add(Tier(PolicyTier.Admin, policies.Admin, direction, delta));
        parts.AddRange(policies.Isolating.Select(policy => Rule(policy, direction, delta)));
        if (policies.Baseline.Count > 0)
            parts.Add(Tier(PolicyTier.Baseline, policies.Baseline, direction, delta));
        var steps = parts.Select(static part => new PolicyStep { Chain = part.Chain.Name }).ToValueArray();
        var word = PolicyWords.Of(direction);
        var name = PolicyNames.Of("pods", $"{word} {(policies.IsOpen ? "open " : "")}{string.Join(' ', steps)}");
        if (!profiles.TryGetValue(name, out var profile))
        {
            var chain = new PolicyChain(name, direction, PolicyNames.Comment($"{word} of pods with {policies.Describe()}"), steps)
            {
                IsProfile = true,
                IsOpen = policies.IsOpen,
            };
            profiles[name] = profile = new ProfileChain(chain, parts);
            foreach (var part in parts)
                part.References++;
            delta.Add(chain);
        }

        profile.References++;
        return profile;
    }

    /// <summary>A pod has it no more; chains that no pod needs go, and their sets.</summary>
    public void Release(ProfileChain profile, DeltaRecorder delta)
    {
        if (--profile.References > 0)
            return;
        profiles.Remove(profile.Chain.Name);
        delta.Remove(profile.Chain);
        foreach (var part in profile.Parts)
        {
            if (--part.References > 0)
                continue;
            rules.Remove(part.Chain.Name);
            NoteClosing(part.Chain, -1);
            delta.Remove(part.Chain);
            foreach (var need in part.Needs)
                sets.Release(need, delta);
        }
    }

    /// <summary>A policy changed or went: its chain has another name from now on.</summary>
    public void Forget(ObjectName policy)
    {
        names.Remove((policy, PolicyDirection.Ingress));
        names.Remove((policy, PolicyDirection.Egress));
    }

    /// <summary>A cluster policy changed or went.</summary>
    public void ForgetTiers() => tierNames.Clear();

    // The rules of all policies of the tier are in one chain: what passes leaves the tier, so "return" must leave all of them.
    private RuleChain Tier(PolicyTier tier, IReadOnlyList<ClusterPolicy> policies, PolicyDirection direction, DeltaRecorder delta)
    {
        var key = (tier, direction, string.Join('/', policies.Select(static policy => policy.Name)));
        if (tierNames.TryGetValue(key, out var named) && rules.TryGetValue(named, out var known))
            return known;
        var compiler = new RuleCompiler(sets, direction, delta);
        var steps = compiler.Compile(policies).ToValueArray();
        var word = PolicyWords.Of(direction);
        var name = PolicyNames.Of(tier == PolicyTier.Admin ? "admin" : "baseline", $"{word} {string.Join(';', steps)}");
        tierNames[key] = name;
        if (rules.TryGetValue(name, out var same))
            return same;
        var comment =
            policies.Count == 1
                ? $"{word} by cluster policy {policies[0].Name}, tier {tier}"
                : $"{word} by {policies.Count} cluster policies, tier {tier}";
        return Add(new PolicyChain(name, direction, PolicyNames.Comment(comment), steps) { IsProfile = false }, compiler.Needs, delta);
    }

    private RuleChain Add(PolicyChain chain, IEnumerable<SetResource> sets, DeltaRecorder delta)
    {
        var needs = sets.Distinct().ToList();
        foreach (var need in needs)
            need.References++;
        NoteClosing(chain, 1);
        delta.Add(chain);
        return rules[chain.Name] = new RuleChain(chain, needs);
    }

    private void NoteClosing(PolicyChain chain, int count)
    {
        foreach (var step in chain.Steps.Where(static step => step.Action != RuleAction.Accept))
        {
            foreach (var set in new[] { step.Peers, step.Ports }.OfType<PolicySet>())
            {
                closing[set] = closing.GetValueOrDefault(set) + count;
                if (closing[set] == 0)
                    closing.Remove(set);
            }
        }
    }

    private RuleChain Rule(NetworkPolicy policy, PolicyDirection direction, DeltaRecorder delta)
    {
        if (names.TryGetValue((policy.Name, direction), out var named) && rules.TryGetValue(named, out var known))
            return known;
        var compiler = new RuleCompiler(sets, direction, delta);
        var steps = policy.Rules(direction)!.Value.SelectMany(compiler.Compile).Distinct().ToValueArray();
        var word = PolicyWords.Of(direction);
        var name = PolicyNames.Of("policy", $"{policy.Name} {word} {string.Join(';', steps)}");
        names[(policy.Name, direction)] = name;
        // Another selector of pods alone makes no other chain.
        if (rules.TryGetValue(name, out var same))
            return same;
        var chain = new PolicyChain(name, direction, PolicyNames.Comment($"{word} by policy {policy.Name}"), steps) { IsProfile = false };
        return Add(chain, compiler.Needs, delta);
    }
}
