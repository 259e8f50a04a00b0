using Plugboard.Firewall.Nftables.Uapi;

namespace Plugboard.Firewall.Nftables;

/// <summary>What becomes of a packet. Source: nft(8), VERDICT STATEMENT.</summary>
/// <param name="Code">The kernel's number: NF_ACCEPT, NFT_JUMP and so on.</param>
/// <param name="Chain">The target chain; empty for other verdicts.</param>
public readonly record struct Verdict(int Code, string Chain)
{
    /// <summary>The packet goes on its way, as far as this base chain is concerned.</summary>
    public static Verdict Accept => new(NfTablesH.NF_ACCEPT, "");

    /// <summary>The packet is no more.</summary>
    public static Verdict Drop => new(NfTablesH.NF_DROP, "");

    /// <summary>Back to the chain that jumped here.</summary>
    public static Verdict Return => new(NfTablesH.NFT_RETURN, "");

    /// <summary>To another chain, and back after its end.</summary>
    public static Verdict Jump(string chain) => new(NfTablesH.NFT_JUMP, chain);

    /// <summary>To another chain for good.</summary>
    public static Verdict Goto(string chain) => new(NfTablesH.NFT_GOTO, chain);

    /// <summary>nft's words.</summary>
    public override string ToString() =>
        Code switch
        {
            NfTablesH.NF_ACCEPT => "accept",
            NfTablesH.NF_DROP => "drop",
            NfTablesH.NFT_RETURN => "return",
            NfTablesH.NFT_JUMP => "jump " + Chain,
            NfTablesH.NFT_GOTO => "goto " + Chain,
            _ => "continue",
        };
}
