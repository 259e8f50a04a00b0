using System.Text;
using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;

namespace Plugboard.Firewall.Accepting;

/// <summary>
/// The rules of <see cref="AcceptRules"/> as iptables-nft has them in the kernel, of one family: read and changed without a process. What
/// it finds in any other form it leaves to the tools, which read them all: each call says whether it was enough.
/// </summary>
internal sealed class AcceptChain(NftablesClient nftables, bool is6)
{
    private static readonly TimeSpan lockTimeout = new IptablesOptions().LockTimeout;

    private readonly Chain chain = ChainOf(is6, AcceptRules.Chain);
    private readonly Chain forward = ChainOf(is6, AcceptRules.Forward);

    private static Chain ChainOf(bool is6, string name) => new(new Table(is6 ? NftFamily.IPv6 : NftFamily.IPv4, AcceptRules.Table), name);

    private Rule Jump => JumpFrom(forward, AcceptRules.JumpComment, AcceptRules.Chain);

    private Rule AdminJump(string admin) => JumpFrom(chain, AcceptRules.AdminComment, admin);

    private static Rule JumpFrom(Chain from, string comment, string to) =>
        new(from, [XtMatch.Comment(comment), new Counter(), new VerdictStatement(Verdict.Jump(to))]);

    private Rule[] Of(IPAddr pod) =>
        [
            new(
                chain,
                [Address(Selector.Daddr(is6), pod), XtMatch.RelatedOrEstablished, new Counter(), new VerdictStatement(Verdict.Accept)]
            ),
            new(chain, [Address(Selector.Saddr(is6), pod), new Counter(), new VerdictStatement(Verdict.Accept)]),
        ];

    private static Cmp Address(Selector selector, IPAddr pod) => Cmp.Equal(selector, Field.Of(pod));

    /// <summary>Has addresses accepted where the chain and the jumps are there.</summary>
    /// <param name="addresses">All of the family.</param>
    /// <param name="admin">The chain that is asked first.</param>
    public bool TryAdd(IReadOnlyList<IPAddr> addresses, string admin)
    {
        using var turn = IptablesTurn.Wait(lockTimeout);
        if (FindMissing(addresses, admin) is not { } missing)
            return false;
        var batch = new NftablesBatch();
        foreach (var rule in missing)
            batch.Add(rule);
        return nftables.TryCommit(batch).Count == 0;
    }

    /// <summary>True if the chain, the jumps and the rules of all these addresses are there; false: one is missing or other.</summary>
    /// <param name="addresses">All of the family.</param>
    /// <param name="admin">The chain that is asked first.</param>
    public bool Has(IReadOnlyList<IPAddr> addresses, string admin) => FindMissing(addresses, admin) is { Count: 0 };

    // Null if that cannot be said here.
    private List<Rule>? FindMissing(IReadOnlyList<IPAddr> addresses, string admin)
    {
        if (!Contains(nftables.ListContents(forward, [Text(AcceptRules.Chain)]), Jump))
            return null;
        var present = nftables.ListContents(chain, [Text(admin), .. addresses.Select(Bytes)]);
        return Contains(present, AdminJump(admin)) && FindOwn(present, addresses) is not null
            ? [.. addresses.SelectMany(Of).Where(rule => !Contains(present, rule))]
            : null;
    }

    /// <summary>Ends that addresses are accepted; those that are not are passed over.</summary>
    /// <param name="addresses">All of the family; asked under the lock of the change.</param>
    public bool TryRemove(Func<IReadOnlyList<IPAddr>> addresses)
    {
        using var turn = IptablesTurn.Wait(lockTimeout);
        var leaving = addresses();
        if (FindOwn(nftables.ListContents(chain, [.. leaving.Select(Bytes)]), leaving) is not { } own)
            return false;
        var batch = new NftablesBatch();
        foreach (var each in own)
            batch.Delete(each.Rule);
        return nftables.TryCommit(batch).Count == 0;
    }

    // The rules that name addresses; null if one of them says anything else than those of a pod.
    private List<RuleContent>? FindOwn(IReadOnlyList<RuleContent> present, IReadOnlyList<IPAddr> addresses)
    {
        var own = present.Where(each => Names(each, addresses)).ToList();
        var wanted = addresses.SelectMany(Of).Select(RuleContent.Of).ToHashSet(StringComparer.Ordinal);
        return own.TrueForAll(each => wanted.Contains(each.Opcodes)) ? own : null;
    }

    private static bool Contains(IReadOnlyList<RuleContent> present, Rule rule)
    {
        var opcodes = RuleContent.Of(rule);
        return present.Any(each => each.Opcodes == opcodes);
    }

    // The bytes of an address may be a number's too.
    private static bool Names(RuleContent rule, IReadOnlyList<IPAddr> addresses) =>
        addresses.Any(address => rule.Opcodes.Contains($"v{Convert.ToHexString(Bytes(address))}", StringComparison.Ordinal));

    // The kernel ends a name with a NUL.
    private static byte[] Text(string name) => Encoding.UTF8.GetBytes(name + '\0');

    private static byte[] Bytes(IPAddr address) => Field.Of(address).Bytes;
}
