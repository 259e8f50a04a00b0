using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Doctor.Nodes;

/// <summary>A network namespace of the node but its own.</summary>
/// <param name="Path">Its path, as this process sees it.</param>
/// <param name="Links">Its links.</param>
/// <param name="Addresses">Their addresses.</param>
internal sealed record PodSpace(string Path, IReadOnlyList<Link> Links, IReadOnlyList<IPAddr> Addresses)
{
    private const int LeastTable = 1;
    private const int LargestTable = 252;

    /// <summary>The rules from a single address that no link has; none if the namespace has ended.</summary>
    public IReadOnlyList<RoutingRule> FindRulesWithoutAddress()
    {
        try
        {
            using var ns = NetworkNamespace.Open(Path);
            using var inside = RouteClient.Open(ns);
            return
            [
                .. new[] { AddressFamily.IPv4, AddressFamily.IPv6 }.SelectMany(family => inside.Rules.List(family)).Where(IsWithoutAddress),
            ];
        }
        catch (Exception e) when (e is ErrnoException or NetworkNamespaceException)
        {
            return [];
        }
    }

    private bool IsWithoutAddress(RoutingRule rule) =>
        rule is { IsBySourceAlone: true, Source: { } source, Table: >= LeastTable and <= LargestTable }
        && source == IPPrefix.Host(source.Address)
        && !Addresses.Contains(source.Address);
}
