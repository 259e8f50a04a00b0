using System.Text.RegularExpressions;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Node;

/// <summary>
/// Chooses the link and the addresses by which other nodes reach this one: first the operator's choice, flag by flag in flanneld's order;
/// else the link in use, while it exists; else the default route's. Pure, except for one route lookup.
/// </summary>
/// <param name="network">The node's links, addresses and routes.</param>
/// <param name="question">The input of the choice.</param>
/// <param name="ask">The route that the kernel takes to an address; null: none.</param>
internal sealed class UplinkFinder(NodeNetwork network, UplinkQuestion question, Func<IPAddr, Route?> ask)
{
    private const string Annotation = "the annotation";

    private readonly LinkFitness fitness = new(network, question.OwnPods);
    private readonly LinkAddresses addresses = new(network);
    private readonly UplinkInUse inUse = new(network, question.Before);
    private readonly UplinkDefaults defaults = new(network, question, ask);
    private readonly List<string> refusals = [];

    private UplinkOptions Options => question.Options;

    private bool IsAsked =>
        question.Wished.Count > 0 || Options.Interfaces.Count > 0 || Options.InterfacePatterns.Count > 0 || Options.CanReach is not null;

    /// <summary>After <see cref="Find"/>: why no uplink was found, or not the requested one, a sentence; null if it was.</summary>
    public string? Fault { get; private set; }

    /// <summary>After <see cref="Find"/>: the requested uplink does not exist, and the one in use stays.</summary>
    public bool IsSubstitute { get; private set; }

    /// <summary>The uplink; null if no link qualifies now.</summary>
    public Uplink? Find()
    {
        var asked = Asked().ToList();
        if (Choose(asked) is { } found)
            return Instead(found);
        if (!IsAsked)
            return Choose(Told())
                ?? Stay()
                ?? Choose([.. defaults.Candidates()])
                ?? Fail("there is no link by which other nodes are reached: no usable default route; name one with --iface");
        var why = $"{string.Join("; ", refusals.Distinct(StringComparer.Ordinal))}";
        if (Stay() is not { } staying)
            return Fail($"there is no link by which other nodes are reached: {why}");
        Fault = $"{why}; {staying.Link.Name}, which is in use, stays";
        IsSubstitute = true;
        return staying;
    }

    // An annotation that cannot be followed is reported even if a flag can be.
    private Uplink Instead(Uplink found)
    {
        if (question.Wished.Count == 0 || refusals.Count == 0 || found.Why.StartsWith(Annotation, StringComparison.Ordinal))
            return found;
        Fault = $"{refusals[0]}; {found.Link.Name} is used instead, by {found.Why}";
        IsSubstitute = true;
        return found;
    }

    private Uplink? Fail(string why)
    {
        Fault ??= refusals.Count == 0 || IsAsked ? why : $"{why} ({string.Join("; ", refusals.Distinct(StringComparer.Ordinal))})";
        return null;
    }

    private IEnumerable<UplinkCandidate> Asked()
    {
        var wished = OfAddresses(
                question.Wished,
                address => $"{Annotation} {(address.Is6 ? "node-public-ipv6" : "node-public-ip")} asks for {address}"
            )
            .ToList();
        return wished.Count > 0 ? wished : OfFlags();
    }

    private IEnumerable<UplinkCandidate> OfFlags()
    {
        foreach (var wish in Options.Interfaces)
        {
            var found = IPAddr.TryParse(wish, out var address) ? OfAddresses([address], _ => $"--iface {wish}") : OfName(wish);
            foreach (var candidate in found)
                yield return candidate;
        }

        foreach (var candidate in Options.InterfacePatterns.SelectMany(OfPattern))
            yield return candidate;
        if (Options.CanReach is { } target)
        {
            if (ask(target) is { } route && network.FindLink(route.OutInterface) is { } link)
                yield return new UplinkCandidate(link, route.Source is { } source ? [source] : [], $"--iface-can-reach {target}");
            else
                refusals.Add($"--iface-can-reach {target}: there is no route to it");
        }

        // flanneld looks for the public address only if no other flag is given.
        if (!IsAsked)
        {
            foreach (var candidate in OfAddresses(Options.Public.ToValueArray(), address => $"it has the public address {address}"))
                yield return candidate;
        }
    }

    private IEnumerable<UplinkCandidate> OfAddresses(ValueArray<IPAddr> asked, Func<IPAddr, string> why)
    {
        foreach (var address in asked)
        {
            var owners = network
                .Addresses.Where(own => own.Address.Address == address)
                .Select(own => network.FindLink(own.LinkIndex))
                .OfType<Link>()
                .ToList();
            if (owners.Count == 0 && IsAsked)
                refusals.Add($"{why(address)}: no link of this node has it");
            foreach (var link in owners)
                yield return new UplinkCandidate(link, asked.Concat(Options.Public).ToValueArray(), why(address)) { IsNamed = true };
        }
    }

    private IEnumerable<UplinkCandidate> OfName(string name)
    {
        if (network.Links.GetValueOrDefault(name) is { } link)
            yield return new UplinkCandidate(link, Options.Public.ToValueArray(), $"--iface {name}") { IsNamed = true };
        else
            refusals.Add($"--iface {name}: no such link");
    }

    private List<UplinkCandidate> OfPattern(InterfacePattern pattern)
    {
        var why = $"--iface-regex {pattern}";
        try
        {
            var found = network
                .Addresses.Where(own => !own.Address.Address.IsLoopback && pattern.IsMatch(own.Address.Address.ToString()))
                .OrderBy(own => own.LinkIndex)
                .GroupBy(own => own.LinkIndex)
                .Select(group => (Link: network.FindLink(group.Key), Addresses: group))
                .Where(each => each.Link is not null)
                .Select(each => new UplinkCandidate(each.Link!, BestOf(each.Addresses), why))
                .ToList();
            found.AddRange(
                network
                    .Links.Values.OrderBy(link => link.Index)
                    .Where(link => pattern.IsMatch(link.Name))
                    .Select(link => new UplinkCandidate(link, Options.Public.ToValueArray(), why))
            );
            if (found.Count == 0)
                refusals.Add($"{why}: no address and no link matches");
            return found;
        }
        catch (RegexMatchTimeoutException e)
        {
            refusals.Add($"{why}: matching \"{e.Input}\" took longer than {e.MatchTimeout.TotalSeconds} s; use a simpler one, or --iface");
            return [];
        }
    }

    // Of several matches the link in use counts, then the one that would be chosen without the pattern.
    private ValueArray<IPAddr> BestOf(IGrouping<int, InterfaceAddress> matching)
    {
        var all = matching.Select(own => own.Address.Address).ToList();
        var best = new List<IPAddr>(inUse.Addresses.Where(all.Contains));
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (addresses.FindBest(matching.Key, is6) is { } chosen && all.Contains(chosen.Address))
                best.Add(chosen.Address);
        }

        return best.Concat(all).ToValueArray();
    }

    private List<UplinkCandidate> Told() =>
        OfAddresses(question.Told, address => $"the source says that other nodes reach this node at {address}")
            .Select(candidate => candidate with { IsNamed = false })
            .ToList();

    private Uplink? Stay()
    {
        foreach (var (link, used, why) in inUse.Candidates())
        {
            if (
                fitness.FindFault(link, isNamed: true) is null
                && Describe(new UplinkCandidate(link, used, why)) is { Addresses.Count: > 0 } staying
            )
            {
                var lost = used.Where(address => staying.Addresses.All(own => own.Address != address)).ToValueArray();
                return lost.Count == 0 ? staying : staying with { Why = $"it stays in use; its address {lost} is gone" };
            }
        }

        return null;
    }

    // First a link that can be reached in all families, then one that can in some, then one without carrier: its cable may return.
    private Uplink? Choose(List<UplinkCandidate> candidates)
    {
        var fit = candidates.FindAll(IsFit);
        return Choose(fit, candidate => IsConnected(candidate) && Covers(candidate, all: true))
            ?? Choose(fit, candidate => IsConnected(candidate) && Covers(candidate, all: false))
            ?? Choose(fit, candidate => Covers(candidate, all: false));
    }

    private Uplink? Choose(List<UplinkCandidate> candidates, Predicate<UplinkCandidate> isIt)
    {
        if (candidates.Find(isIt) is not { } first)
            return null;
        // Of the links of one flag the one in use stays.
        var same = candidates.FindAll(other => other.Why == first.Why && isIt(other));
        return Describe(same.Find(other => inUse.IsLink(other.Link)) ?? first);
    }

    private bool IsFit(UplinkCandidate candidate)
    {
        var fault = fitness.FindFault(candidate.Link, candidate.IsNamed);
        if (fault is null && !Covers(candidate, all: false))
            fault = $"has no {FamilyWords} address that other nodes could use";
        if (fault is not null)
            refusals.Add($"{candidate.Why}: {candidate.Link.Name} {fault}");
        return fault is null;
    }

    private string FamilyWords =>
        question.Needed switch
        {
            (true, false) => "IPv4",
            (false, true) => "IPv6",
            _ => "IPv4 or IPv6",
        };

    private bool IsConnected(UplinkCandidate candidate) => inUse.IsLink(candidate.Link) || LinkFitness.HasCarrier(candidate.Link);

    private bool Covers(UplinkCandidate candidate, bool all)
    {
        var (needs4, needs6) = question.Needed;
        var found = Describe(candidate).Addresses;
        var (has4, has6) = (found.Any(address => !address.Is6), found.Any(address => address.Is6));
        return needs4 || needs6
            ? all
                ? (has4 || !needs4) && (has6 || !needs6)
                : (has4 && needs4) || (has6 && needs6)
            : has4 || has6;
    }

    private Uplink Describe(UplinkCandidate candidate)
    {
        var link = candidate.Link;
        var found = new List<IPPrefix>(2);
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            if ((FindAsked(candidate, is6) ?? FindUsed(link, is6) ?? addresses.FindBest(link.Index, is6)) is { } best)
                found.Add(best);
        }

        return new Uplink(new UplinkLink(link.Index, link.Name, link.Mtu), found.ToValueArray(), candidate.Why);
    }

    private IPPrefix? FindAsked(UplinkCandidate candidate, bool is6)
    {
        foreach (var address in candidate.Asked)
        {
            if (address.Is6 == is6 && addresses.Find(candidate.Link.Index, address) is { } own)
                return own;
        }

        return null;
    }

    private IPPrefix? FindUsed(Link link, bool is6)
    {
        if (!inUse.IsLink(link))
            return null;
        foreach (var address in inUse.Addresses)
        {
            if (address.Is6 == is6 && addresses.Find(link.Index, address) is { } own)
                return own;
        }

        return null;
    }
}
