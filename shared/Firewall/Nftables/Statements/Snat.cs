using Plugboard.Addresses;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>The packet leaves with another address: <c>snat ip to 10.1.2.5</c>, <c>snat ip to 10.1.2.5:1024-2047 random</c>.</summary>
/// <param name="address">The address.</param>
public sealed class Snat(IPAddr address) : Statement
{
    /// <summary>The ports it leaves with; null: the kernel chooses.</summary>
    public NatPorts? Ports { get; init; }

    /// <summary>How a port is chosen.</summary>
    public NatOptions Options { get; init; }

    internal override void Write(RuleWriter rule)
    {
        rule.RequireFamily(address.Is6);
        rule.Expressions.Immediate(Field.Of(address).Bytes, 0);
        var count = NatPorts.Load(Ports, rule, 1);
        rule.Expressions.Nat(NFT_NAT_SNAT, address.Is6, count, Options);
    }

    /// <summary>nft's words.</summary>
    public override string ToString()
    {
        var to =
            Ports is not { } ports ? address.ToString()
            : address.Is6 ? $"[{address}]:{ports}"
            : $"{address}:{ports}";
        return $"snat {(address.Is6 ? "ip6" : "ip")} to {to}{NatPorts.Words(Options)}";
    }
}
