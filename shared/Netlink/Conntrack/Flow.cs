namespace Plugboard.Netlink.Conntrack;

/// <summary>A flow that the kernel tracks.</summary>
/// <param name="Original">As its first packet came in, before any translation.</param>
/// <param name="Reply">As its answers come in: where the destination was translated, they come from another address than the first packet
/// went to.</param>
/// <param name="Status">What the kernel knows of it.</param>
/// <param name="Id">The kernel's number of it (CTA_ID): another flow of the same tuples has another one.</param>
public sealed record Flow(FlowTuple Original, FlowTuple Reply, FlowStatus Status, uint Id)
{
    /// <summary>NF_CT_LABELS_MAX_SIZE.</summary>
    internal const int LabelBytes = 16;

    // CTA_TUPLE_ORIG's bytes from the kernel: they identify flows of protocols whose tuples are not parsed.
    internal byte[] Key { get; init; } = [];

    // CTA_TUPLE_REPLY's.
    internal byte[] ReplyKey { get; init; } = [];

    internal ushort Zone { get; init; }

    // CTA_LABELS, bit 0 the lowest; 0 for a flow without room for labels.
    internal UInt128 Labels { get; init; }

    // CTA_TIMEOUT, in seconds.
    internal uint Timeout { get; init; }

    /// <summary>True if a bit of its labels is set.</summary>
    /// <param name="bit">0 to 127.</param>
    public bool HasLabel(int bit) => (Labels >> bit & 1) != 0;

    /// <inheritdoc/>
    public bool Equals(Flow? other) =>
        other is not null && Original == other.Original && Reply == other.Reply && Status == other.Status && Id == other.Id;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Original, Reply, Status, Id);
}
