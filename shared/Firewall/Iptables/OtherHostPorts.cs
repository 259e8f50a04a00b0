namespace Plugboard.Firewall.Iptables;

/// <summary>
/// What other containers' chains do with a pod's host ports. A packet takes the first chain that has its port, so a pod that ended without
/// DEL keeps its port from the next one.
/// </summary>
/// <param name="table">The table as it is, of the address's family.</param>
/// <param name="forwards">The pod's ports.</param>
internal sealed class OtherHostPorts(NatTable table, IptablesHostPorts forwards)
{
    private readonly string own = ReferenceNames.ForwardChain(forwards.Pod);

    /// <summary>
    /// The chains of pods that have ended and have one of the ports: by their records; without one (the reference's pods) because the
    /// port leads to the address that this pod has got by now.
    /// </summary>
    /// <param name="isAlive">Does the pod of a chain live? Null: it has no record.</param>
    public IEnumerable<string> ListEnded(Func<string, bool?> isAlive) =>
        Translations(Chains(table.Rules(ReferenceNames.HostPortTop)))
            .GroupBy(static rule => rule.Chain, rule => HostPortContent.LeadsTo(Target(rule), forwards.Address.Address))
            .Where(chain => !(isAlive(chain.Key) ?? !chain.All(static isOwnAddress => isOwnAddress)))
            .Select(static chain => chain.Key);

    /// <summary>
    /// The rules that have a port of the pod lead to another container, as they come before the pod's own. Those with conditions may leave
    /// it packets.
    /// </summary>
    public IEnumerable<IptablesRule> ListBefore() =>
        Translations(
            Chains(
                table
                    .Rules(ReferenceNames.HostPortTop)
                    .TakeWhile(rule => rule.Target != own)
                    .Where(rule => IsUnconditional(rule) && !IsOfPod(rule))
            )
        );

    private IEnumerable<string> Chains(IEnumerable<IptablesRule> entries) =>
        entries
            .Select(static rule => rule.Target)
            .OfType<string>()
            .Where(chain => chain != own && chain.StartsWith(ReferenceNames.HostPortChainPrefix, StringComparison.Ordinal))
            .Distinct();

    private IEnumerable<IptablesRule> Translations(IEnumerable<string> chains)
    {
        var ports = HostPortContent.Chain(forwards).Where(IsTranslation).Select(Port).ToHashSet();
        return chains.SelectMany(table.Rules).Where(rule => IsTranslation(rule) && ports.Any(port => Overlap(port, Port(rule))));
    }

    private static bool IsTranslation(IptablesRule rule) => rule.Target == "DNAT" && rule.Value("--to-destination") is not null;

    private static string Target(IptablesRule rule) => rule.Value("--to-destination") ?? "";

    private static (string? Protocol, string? Port, string? HostIP) Port(IptablesRule rule) =>
        (rule.Value("-p"), rule.Value("--dport"), rule.Value("-d"));

    private static bool Overlap(
        (string? Protocol, string? Port, string? HostIP) one,
        (string? Protocol, string? Port, string? HostIP) other
    ) =>
        one.Protocol == other.Protocol
        && one.Port == other.Port
        && (one.HostIP is null || other.HostIP is null || one.HostIP == other.HostIP);

    // A runtime publishes a container's ports once for each of its networks: the first leads to it as well.
    private bool IsOfPod(IptablesRule entry) =>
        entry.Value("--comment") is { } comment
        && comment.EndsWith($"id: {GoQuote.Of(forwards.Pod.ContainerId)}", StringComparison.Ordinal);

    private static bool IsUnconditional(IptablesRule entry) =>
        new IptablesRule(
            entry.Chain,
            [
                "-p",
                entry.Value("-p") ?? "",
                "--comment",
                entry.Value("--comment") ?? "",
                "--dports",
                entry.Value("--dports") ?? "",
                "-j",
                entry.Target!,
            ]
        ).Means(entry);
}
