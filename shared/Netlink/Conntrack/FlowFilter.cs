namespace Plugboard.Netlink.Conntrack;

/// <summary>
/// Which flows. It cannot be empty: it always names an address or a port, for deleting by a filter that says nothing ends every flow of the
/// node.
/// </summary>
public sealed record FlowFilter
{
    /// <summary>A filter that names at least one address or port.</summary>
    /// <param name="is6">IPv6, else IPv4.</param>
    /// <param name="protocol">The IP header's protocol number; null: any.</param>
    /// <param name="original">What the flow's first packet had; null: anything.</param>
    /// <param name="reply">What its answers have; null: anything.</param>
    /// <exception cref="ArgumentException">
    /// It names neither an address nor a port, or a port without a protocol, a port 0, or an address of the other family.
    /// </exception>
    public FlowFilter(bool is6, byte? protocol, FlowEnds? original, FlowEnds? reply = null)
    {
        Is6 = is6;
        Protocol = protocol;
        Original = original ?? new FlowEnds();
        Reply = reply ?? new FlowEnds();
        if (Original.SaysNothing && Reply.SaysNothing)
            throw new ArgumentException("a filter of flows names at least one address or port");
        if (protocol is null && (Original.HasPort || Reply.HasPort))
            throw new ArgumentException("a filter of flows that names a port names the protocol too");
        if (Original.SourcePort == 0 || Original.DestinationPort == 0 || Reply.SourcePort == 0 || Reply.DestinationPort == 0)
            throw new ArgumentException("a filter of flows cannot name port 0");
        if (!Original.IsOf(is6) || !Reply.IsOf(is6))
            throw new ArgumentException("a filter of flows names addresses of one family");
    }

    /// <summary>IPv6, else IPv4.</summary>
    public bool Is6 { get; }

    /// <summary>The IP header's protocol number; null: any.</summary>
    public byte? Protocol { get; }

    /// <summary>What the flow's first packet had.</summary>
    public FlowEnds Original { get; }

    /// <summary>What its answers have.</summary>
    public FlowEnds Reply { get; }

    /// <summary>
    /// True if a flow is meant. Kernels before 5.8 do not filter, and none filters by IPv6 addresses, so each flow they return is asked
    /// for here.
    /// </summary>
    public bool Matches(Flow flow) =>
        flow.Original.Source.Is6 == Is6
        && (Protocol is null || Protocol == flow.Original.Protocol)
        && Original.Matches(flow.Original)
        && Reply.Matches(flow.Reply);
}
