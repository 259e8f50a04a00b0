namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>Goes on with packets of one family: <c>meta nfproto ipv4</c>.</summary>
/// <param name="is6">IPv6.</param>
public sealed class NfProto(bool is6) : Statement
{
    internal override void Write(RuleWriter rule) => rule.RequireFamily(is6);

    /// <summary>nft's words.</summary>
    public override string ToString() => is6 ? "meta nfproto ipv6" : "meta nfproto ipv4";
}
