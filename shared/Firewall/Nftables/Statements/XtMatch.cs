using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Firewall.Nftables.Uapi;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>
/// Continues if a match of xtables does: what iptables-nft writes where nftables has no statement of its own, or had none at first. The
/// kernel needs nft_compat for it. Source: net/netfilter/nft_compat.c.
/// </summary>
public sealed class XtMatch : Statement
{
    // The kernel aligns what matches compare with to 8 bytes (XT_ALIGN), and lists it so.
    private const int Alignment = 8;

    private readonly string name;
    private readonly uint revision;
    private readonly byte[] info;

    private XtMatch(string name, uint revision, byte[] info)
    {
        this.name = name;
        this.revision = revision;
        this.info = info;
    }

    /// <summary>iptables' <c>-m comment --comment TEXT</c>: always.</summary>
    /// <param name="text">At most 255 bytes.</param>
    /// <exception cref="ArgumentException">It is longer.</exception>
    public static XtMatch Comment(string text)
    {
        var comment = new byte[XtMatchesH.XT_MAX_COMMENT_LEN];
        Encoding.UTF8.GetBytes(text, comment.AsSpan(0, comment.Length - 1));
        return new XtMatch("comment", 0, comment);
    }

    // NF_CT_STATE_BIT of include/net/netfilter/nf_conntrack.h.
    /// <summary>iptables' <c>-m conntrack --ctstate RELATED,ESTABLISHED</c>.</summary>
    public static XtMatch RelatedOrEstablished
    {
        get
        {
            var wanted = new XtConntrackMtinfo3 { match_flags = XtMatchesH.XT_CONNTRACK_STATE, state_mask = 2 | 4 };
            var states = new byte[(Marshal.SizeOf<XtConntrackMtinfo3>() + Alignment - 1) & -Alignment];
            MemoryMarshal.Write(states, in wanted);
            return new XtMatch("conntrack", 3, states);
        }
    }

    internal override void Write(RuleWriter rule) => rule.Expressions.Match(name, revision, info);

    /// <summary>nft's words, which nft does not read.</summary>
    public override string ToString() => $"xt match \"{name}\"";
}
