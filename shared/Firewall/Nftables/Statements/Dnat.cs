using Plugboard.Addresses;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>Leads the packet to an address and a port: <c>dnat ip to 10.1.2.5:80</c>.</summary>
/// <param name="address">The address.</param>
/// <param name="port">The port.</param>
public sealed class Dnat(IPAddr address, ushort port) : Statement
{
    internal override void Write(RuleWriter rule)
    {
        rule.Expressions.Immediate(Field.Of(address).Bytes, 0);
        rule.Expressions.Immediate(Field.Port(port).Bytes, ExpressionWriter.ValueAt(1));
        rule.Expressions.Nat(NFT_NAT_DNAT, address.Is6, ports: 1);
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => address.Is6 ? $"dnat ip6 to [{address}]:{port}" : $"dnat ip to {address}:{port}";
}
