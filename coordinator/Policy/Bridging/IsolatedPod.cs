using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Bridging;

/// <summary>A pod of this node with policies.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Addresses">Its own addresses.</param>
/// <param name="IsEgress">A policy judges what it opens.</param>
/// <param name="IsIngress">A policy judges what is opened to it.</param>
internal sealed record IsolatedPod(ObjectName Name, ValueArray<IPAddr> Addresses, bool IsEgress, bool IsIngress);

/// <summary>A port of a bridge of this node.</summary>
/// <param name="Name">The link's name.</param>
/// <param name="Alias">The link's alias; empty for none.</param>
/// <param name="IsVeth">It is one end of a veth pair, as pods have it.</param>
/// <param name="Networks">The networks of the bridge's own addresses.</param>
internal sealed record PodPort(string Name, string Alias, bool IsVeth, ValueArray<IPPrefix> Networks);
