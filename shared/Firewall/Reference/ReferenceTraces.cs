using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;

namespace Plugboard.Firewall.Reference;

/// <summary>
/// Finds what the reference plugins, or our iptables backend, have made for a pod, in each of their formats, and removes it. To look costs
/// a few questions to the kernel and no process; a process runs only to remove iptables rules that were found. Works in the calling
/// thread's network namespace.
/// </summary>
/// <param name="client">The kernel's nftables; null if it has none.</param>
public sealed class ReferenceTraces(NftablesClient? client)
{
    private const string Nat = "nat";

    /// <summary>Removes the rules that lead host ports to a pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="addresses">The addresses of the attachment that ends; null if they are not known.</param>
    /// <exception cref="IptablesException">A tool is missing, or refused.</exception>
    /// <exception cref="NftablesException">The kernel refused.</exception>
    public void WithdrawHostPorts(Attachment pod, IReadOnlyList<IPAddr>? addresses)
    {
        var failures = new Failures();
        foreach (var variant in VariantsWith(ReferenceNames.ForwardChain(pod)))
            failures.Try(() => new IptablesBackend(new IptablesOptions { Variant = variant }).WithdrawHostPorts(pod, addresses));
        foreach (var family in (ReadOnlySpan<NftFamily>)[NftFamily.IPv4, NftFamily.IPv6])
        {
            var table = new Table(family, "cni_hostport");
            failures.Try(() => RemoveRules(table, rule => rule.Rule.Comment == pod.ContainerId && IsOf(rule, addresses)));
        }

        failures.ThrowIfAny();
    }

    /// <summary>Which iptables has the chain that leads host ports to a pod; null: neither.</summary>
    public IptablesVariant? FindHostPorts(Attachment pod)
    {
        foreach (var variant in VariantsWith(ReferenceNames.ForwardChain(pod)))
            return variant;
        return null;
    }

    /// <summary>Removes the rules that masquerade a pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="addresses">The addresses of the attachment that ends; null if they are not known.</param>
    /// <exception cref="IptablesException">A tool is missing, or refused.</exception>
    /// <exception cref="NftablesException">The kernel refused.</exception>
    public void RemoveMasquerade(Attachment pod, IReadOnlyList<IPPrefix>? addresses)
    {
        var failures = new Failures();
        foreach (var variant in VariantsWith(ReferenceNames.MasqueradeChain(pod)))
            failures.Try(() => new IptablesBackend(new IptablesOptions { Variant = variant }).DeleteMasquerade(pod, addresses));
        failures.Try(() =>
            RemoveRules(NewerMasquerade, rule => rule.Rule.Comment.StartsWith(ReferenceNames.MasqueradeTag(pod), StringComparison.Ordinal))
        );
        failures.ThrowIfAny();
    }

    /// <summary>True if the reference has made rules that masquerade a pod or check its hardware address.</summary>
    public bool HasTrafficRules(Attachment pod)
    {
        foreach (var _ in VariantsWith(ReferenceNames.MasqueradeChain(pod)))
            return true;
        if (client is null)
            return false;
        foreach (var rule in client.ListRules(NewerMasquerade))
        {
            if (rule.Comment.StartsWith(ReferenceNames.MasqueradeTag(pod), StringComparison.Ordinal))
                return true;
        }

        return client.Has(SpoofCheck(pod));
    }

    /// <summary>Removes the rules that check a pod's hardware address.</summary>
    /// <exception cref="NftablesException">The kernel refused.</exception>
    public void RemoveSpoofCheck(Attachment pod)
    {
        var chain = SpoofCheck(pod);
        var table = chain.Table;
        if (client is null || !client.Has(chain))
            return;
        var batch = new NftablesBatch();
        foreach (var rule in client.ListRules(new Chain(table, "PREROUTING")))
        {
            if (rule.Target == chain.Name)
                batch.Delete(rule);
        }

        var inner = new Chain(table, chain.Name + "-mac");
        batch.Flush(chain);
        if (client.Has(inner))
            batch.Flush(inner);
        batch.Delete(chain);
        if (client.Has(inner))
            batch.Delete(inner);
        client.Commit(batch);
    }

    private static Table NewerMasquerade => new(NftFamily.Inet, "cni_plugins_masquerade");

    private static Chain SpoofCheck(Attachment pod) =>
        new(new Table(NftFamily.Bridge, Nat), $"cni-br-iface-{pod.ContainerId}-{pod.IfName}");

    // iptables-nft keeps its chains in nftables' tables "nat"; iptables-legacy has tables of its own.
    private IEnumerable<IptablesVariant> VariantsWith(string chain)
    {
        if (HasNftChain(NftFamily.IPv4, chain) || HasNftChain(NftFamily.IPv6, chain))
            yield return IptablesVariant.Nft;
        if (LegacyTable.HasChain(is6: false, Nat, chain) || LegacyTable.HasChain(is6: true, Nat, chain))
            yield return IptablesVariant.Legacy;
    }

    private bool HasNftChain(NftFamily family, string chain) => client is not null && client.Has(new Chain(new Table(family, Nat), chain));

    // The comment says the container only: what leads to its address on another network stays.
    private static bool IsOf(RuleContent rule, IReadOnlyList<IPAddr>? addresses)
    {
        if (addresses is null)
            return true;
        foreach (var address in addresses)
        {
            if (rule.Opcodes.Contains(Convert.ToHexString(Field.Of(address).Bytes), StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private void RemoveRules(Table table, Predicate<RuleContent> isThePods)
    {
        if (client is null || !client.Has(table))
            return;
        var batch = new NftablesBatch();
        foreach (var rule in client.ListContents(table))
        {
            if (isThePods(rule))
                batch.Delete(rule.Rule);
        }

        client.Commit(batch);
    }
}
