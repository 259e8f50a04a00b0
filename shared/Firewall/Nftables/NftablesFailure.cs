using Plugboard.Netlink;

namespace Plugboard.Firewall.Nftables;

/// <summary>What the kernel refused of a batch.</summary>
/// <param name="Change">The refused change in nft's words; for the batch as a whole, its script.</param>
/// <param name="Elements">The set and the elements it was about; null: it was about something else.</param>
/// <param name="Error">Why.</param>
public sealed record NftablesFailure(string Change, (Set Set, IReadOnlyList<SetElement> Elements)? Elements, NetlinkError Error);
