using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>The chain of one policy in one direction, with the sets that it needs.</summary>
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
/// <param name="parts">The policies' chains.</param>
internal sealed class ProfileChain(PolicyChain chain, IReadOnlyList<RuleChain> parts)
{
    /// <summary>The chain.</summary>
    public PolicyChain Chain { get; } = chain;

    /// <summary>The policies' chains.</summary>
    public IReadOnlyList<RuleChain> Parts { get; } = parts;

    /// <summary>How many pods have it.</summary>
    public int References { get; set; }
}

/// <summary>The chains of the policies that select pods of this node.</summary>
/// <param name="sets">The sets that their rules need.</param>
internal sealed class ChainRegistry(SetRegistry sets)
{
    private readonly Dictionary<(ObjectName Policy, PolicyDirection Direction), string> names = [];
    private readonly Dictionary<string, RuleChain> rules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ProfileChain> profiles = new(StringComparer.Ordinal);

    /// <summary>The chains of pods.</summary>
    public IReadOnlyCollection<ProfileChain> Profiles => profiles.Values;

    /// <summary>The chains of policies.</summary>
    public IReadOnlyCollection<RuleChain> Rules => rules.Values;

    /// <summary>The chain of these policies, for one more pod; null without policies.</summary>
    /// <param name="policies">Those that isolate the pod in the direction, sorted by name.</param>
    /// <param name="direction">The direction.</param>
    /// <param name="delta">Gets what comes.</param>
    public ProfileChain? Acquire(IReadOnlyList<NetworkPolicy> policies, PolicyDirection direction, DeltaRecorder delta)
    {
        if (policies.Count == 0)
            return null;
        var parts = policies.Select(policy => Rule(policy, direction, delta)).ToList();
        var steps = parts.Select(static part => new PolicyStep { Chain = part.Chain.Name }).ToValueArray();
        var word = PolicyWords.Of(direction);
        var name = PolicyNames.Of("pods", $"{word} {string.Join(' ', steps)}");
        if (!profiles.TryGetValue(name, out var profile))
        {
            var comment = $"{word} of pods with {(policies.Count == 1 ? $"policy {policies[0].Name}" : $"{policies.Count} policies")}";
            var chain = new PolicyChain(name, direction, PolicyNames.Comment(comment), steps) { IsProfile = true };
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
        var needs = compiler.Needs.Distinct().ToList();
        foreach (var need in needs)
            need.References++;
        delta.Add(chain);
        return rules[name] = new RuleChain(chain, needs);
    }
}
