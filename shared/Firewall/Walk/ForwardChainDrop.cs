namespace Plugboard.Firewall.Walk;

/// <summary>A chain that drops a packet which the node passes on.</summary>
/// <param name="Packet">The packet.</param>
/// <param name="Chain">The chain, as <c>chain FORWARD of table ip filter</c>.</param>
/// <param name="Tool">The program that manages such a chain: <c>iptables</c>, <c>iptables-legacy</c>, <c>ip6tables</c>,
/// <c>ip6tables-legacy</c>; empty: nftables' own.</param>
/// <param name="Cause">What of it drops the packet, as <c>its policy is drop</c>.</param>
/// <param name="IsSure">False: one of its rules may accept the packet, but asks for something that is not known here.</param>
public sealed record ForwardChainDrop(ForwardedPacket Packet, string Chain, string Tool, string Cause, bool IsSure)
{
    /// <summary>A sentence for people.</summary>
    public override string ToString() =>
        IsSure
            ? $"{Chain} drops it: {Cause}, and no rule before accepts it"
            : $"{Chain} may drop it: {Cause}, and whether a rule before accepts it is not known here";
}
