using Plugboard.Coordinator.Engine;
using Plugboard.Firewall.Nftables;

namespace Plugboard.Coordinator.Masquerade.Nftables;

/// <summary>A batch's changes as people read them.</summary>
internal static class NftablesMasqueradeChanges
{
    /// <summary>One for each of nft's lines.</summary>
    public static IReadOnlyList<Change> Of(NftablesBatch batch) => Of(batch.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>One for each of nft's lines.</summary>
    public static IReadOnlyList<Change> Of(IEnumerable<string> lines) => [.. lines.Select(Read)];

    private static Change Read(string line)
    {
        var words = line.Split(' ', 3);
        var verb = words[0] switch
        {
            "delete" or "flush" => ChangeVerb.Delete,
            "replace" => ChangeVerb.Replace,
            _ => ChangeVerb.Add,
        };
        return new Change(verb, words[1], words[2]);
    }
}
