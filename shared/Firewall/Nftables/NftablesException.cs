using Plugboard.Linux;
using Plugboard.Netlink;

namespace Plugboard.Firewall.Nftables;

/// <summary>A batch that the kernel refused; nothing of it was done.</summary>
/// <param name="failures">What it refused, at least one.</param>
public sealed class NftablesException(IReadOnlyList<NftablesFailure> failures)
    : ErrnoException("nftables", failures[0].Change, failures[0].Error.Errno, Sentence(failures))
{
    /// <summary>What was refused.</summary>
    public IReadOnlyList<NftablesFailure> Failures { get; } = failures;

    private static string Sentence(IReadOnlyList<NftablesFailure> failures)
    {
        var first = failures[0];
        var text = $"nftables: {first.Change}: {Describe(first.Error.Errno)}";
        if (first.Error.Message is not null)
            text += $": {first.Error.Message}";
        return failures.Count == 1 ? text : $"{text} (and {failures.Count - 1} more)";
    }
}

/// <summary>What the kernel refused of a batch.</summary>
/// <param name="Change">The refused change in nft's words; for the batch as a whole, its script.</param>
/// <param name="Elements">The set and the elements it was about; null: it was about something else.</param>
/// <param name="Error">Why.</param>
public sealed record NftablesFailure(string Change, (Set Set, IReadOnlyList<SetElement> Elements)? Elements, NetlinkError Error);
