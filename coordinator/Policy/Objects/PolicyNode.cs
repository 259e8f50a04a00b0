using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Objects;

/// <summary>What network policy needs of a Node.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Addresses"><c>status.addresses</c>, those that are addresses of IP: internal and external ones.</param>
internal sealed record PolicyNode(string Name, Labels Labels, ValueArray<IPAddr> Addresses);
