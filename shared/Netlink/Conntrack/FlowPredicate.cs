namespace Plugboard.Netlink.Conntrack;

/// <summary>Takes a flow or leaves it, before anything is kept of it: there may be hundreds of thousands.</summary>
/// <param name="original">As its first packet came in, before any translation.</param>
/// <param name="reply">As its answers come in.</param>
/// <param name="labels">Its labels, bit 0 the lowest; 0 for a flow without room for labels.</param>
public delegate bool FlowPredicate(in FlowTuple original, in FlowTuple reply, UInt128 labels);
