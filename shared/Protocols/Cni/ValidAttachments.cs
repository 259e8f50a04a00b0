using System.Text.Json;
using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>
/// GC's list of attachments that are still valid. What is not in it is removed, so a list that leaves a doubt is refused whole: an entry
/// that names no attachment, something that is no list, a key that is given twice. Source: CNI specification 1.1.0, section 2, GC.
/// </summary>
internal static class ValidAttachments
{
    // The specification's, and the one that it had in its first version: libcni gives both.
    private static readonly string[] Keys = ["cni.dev/valid-attachments", "cni.dev/attachments"];

    /// <summary>
    /// The attachments of either key together; null where neither is given, or null is: CRI-O writes that for a network without pods.
    /// </summary>
    /// <exception cref="CniException">Code 7: the list leaves a doubt.</exception>
    public static IReadOnlySet<Attachment>? Find(ConfigNode config, string network)
    {
        HashSet<Attachment>? valid = null;
        foreach (var key in Keys)
        {
            if (FindOnce(config, key) is not { } list)
                continue;
            if (list.Value.Kind != JsonValueKind.Array)
                throw Doubtful(list.Mismatch("a list"));
            valid ??= [];
            foreach (var entry in list.AsList())
                valid.Add(Read(entry, network));
        }

        return valid;
    }

    private static Attachment Read(ConfigNode entry, string network)
    {
        if (entry.Value.Kind != JsonValueKind.Object)
            throw Doubtful(entry.Mismatch("an object"));
        var (id, name) = (ReadText(entry, "containerID"), ReadText(entry, "ifname"));
        if (!CniEnvironment.IsName(id))
            throw Doubtful($"{entry.Path}.containerID {GoText.Quote(Shortened(id))} is no container's id");
        if (name.AsSpan().ContainsAny('/', ':') || name.AsSpan().Trim().Length != name.Length)
            throw Doubtful($"{entry.Path}.ifname {GoText.Quote(Shortened(name))} is no interface's name");
        return new Attachment(network, id, name);
    }

    private static string ReadText(ConfigNode entry, string key)
    {
        var node = FindOnce(entry, key);
        if (node is { Value.Kind: not JsonValueKind.String })
            throw Doubtful(node.Value.Mismatch("a text"));
        return node?.AsString() is { Length: > 0 } text ? text : throw Doubtful($"{entry.Path} has no {key}");
    }

    private static ConfigNode? FindOnce(ConfigNode node, string key)
    {
        if (node.Names.Count(name => string.Equals(name, key, StringComparison.OrdinalIgnoreCase)) > 1)
            throw Doubtful($"{(node.Path.Length == 0 ? "" : node.Path + ".")}{key} is given more than once");
        return node.Find(key);
    }

    private static string Shortened(string text) => text.Length <= 64 ? text : text[..64] + "…";

    private static CniException Doubtful(string what) =>
        new(
            CniErrorCode.InvalidNetworkConfig,
            what,
            "GC removes what is not in this list, so nothing is removed by a list that cannot be trusted: each entry wants "
                + "containerID and ifname as ADD was called with"
        );
}
