using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Policy.Objects;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>Does with the compiled rules what the kernel does with a connection's first packet. Pure.</summary>
/// <param name="table">The rules.</param>
internal sealed class TableEvaluator(PolicyTable table)
{
    /// <summary>True if the packet passes the forward hook of the node that the rules are for.</summary>
    public bool Passes(Connection connection)
    {
        var is6 = connection.Source.Is6;
        if (table.Sets[PolicySet.Own(is6)].ContainsKey(PolicyElement.Of(connection.Source, connection.Destination)))
            return true;
        if (IsUnknown(connection.Source, connection) || IsUnknown(connection.Destination, connection))
            return false;
        return Passes(PolicySet.Egress(is6), connection.Source, connection)
            && Passes(PolicySet.Ingress(is6), connection.Destination, connection);
    }

    private bool IsUnknown(IPAddr address, Connection connection) =>
        IsIn(PolicySet.Networks(address.Is6), address, connection) && !IsIn(PolicySet.Ready(address.Is6), address, connection);

    private bool Passes(PolicySet map, IPAddr subject, Connection connection) =>
        !table.Sets[map].TryGetValue(PolicyElement.Of(subject), out var name) || (Decide(table.Chains[name], connection) ?? true);

    // True: accepted, false: refused, null: the packet returns to where the chain was entered.
    private bool? Decide(PolicyChain chain, Connection connection)
    {
        foreach (var step in chain.Steps)
        {
            if (step.Is6 is { } is6 && is6 != connection.Source.Is6)
                continue;
            var other = chain.Direction == PolicyDirection.Ingress ? connection.Source : connection.Destination;
            if (step.Peers is { } peers && !IsIn(peers, other, connection))
                continue;
            if (step.Ports is { } ports && !IsIn(ports, connection.Destination, connection))
                continue;
            if (step.Chain.Length > 0)
            {
                if (Decide(table.Chains[step.Chain], connection) is { } decided)
                    return decided;
                continue;
            }

            return step.Action == RuleAction.Pass ? null : step.Action == RuleAction.Accept;
        }

        return chain is { IsProfile: true, IsOpen: false } ? false : null;
    }

    private bool IsIn(PolicySet set, IPAddr address, Connection connection)
    {
        var elements = table.Sets[set];
        return set.Kind switch
        {
            PolicySetKind.Peers => elements.ContainsKey(PolicyElement.Of(address)),
            PolicySetKind.NamedPorts => elements.ContainsKey(PolicyElement.Of(address, connection.Protocol, connection.Port)),
            PolicySetKind.Blocks => elements.Keys.Any(range => address >= range.Address && address <= range.Last),
            _ => elements.Keys.Any(range =>
                range.Protocol == connection.Protocol && connection.Port >= range.Port && connection.Port <= range.LastPort
            ),
        };
    }
}
