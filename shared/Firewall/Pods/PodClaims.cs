using System.Globalization;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// The attachments that wait for another one's element: an empty file for each, named by the element and the attachment's tag. A pod that
/// gives an element up finds its heir here. A node without waiting attachments has no such directory, and the lookup costs one call.
/// </summary>
/// <param name="path">The directory, such as <c>/run/plugboard/claims/portmap</c>.</param>
internal sealed class PodClaims(string path)
{
    // 16 hexadecimal digits and a dot.
    private const int KeyLength = 17;

    /// <summary>Says that an attachment waits for an element.</summary>
    /// <exception cref="ErrnoException">The directory cannot be made or written: EROFS, ENOSPC, EACCES.</exception>
    public void Add(Set set, SetElement element, string tag)
    {
        using var directory = FileDirectory.Ensure(path, FileModes.Directory);
        using var file = directory.OpenOrCreate(KeyOf(set, element) + tag, FileModes.RootsOwn);
    }

    /// <summary>All that wait, as of now.</summary>
    public IReadOnlyList<string> Read()
    {
        using var directory = FileDirectory.Find(path);
        return directory is null ? [] : directory.ReadNames();
    }

    /// <summary>The tags of the attachments that wait for an element, in no order.</summary>
    /// <param name="all">The result of <see cref="Read"/>.</param>
    /// <param name="set">The set.</param>
    /// <param name="element">The element.</param>
    public static IEnumerable<string> Find(IReadOnlyList<string> all, Set set, SetElement element)
    {
        if (all.Count == 0)
            yield break;
        var key = KeyOf(set, element);
        foreach (var name in all)
        {
            if (name.StartsWith(key, StringComparison.Ordinal))
                yield return name[KeyLength..];
        }
    }

    /// <summary>An attachment waits for no element any more.</summary>
    /// <param name="all">The result of <see cref="Read"/>.</param>
    /// <param name="tag">The attachment's tag.</param>
    public void Remove(IReadOnlyList<string> all, string tag)
    {
        foreach (var name in all)
        {
            if (name.Length <= KeyLength || !name.EndsWith(tag, StringComparison.Ordinal))
                continue;
            using var directory = FileDirectory.Find(path);
            directory?.Remove(name);
        }
    }

    // FNV-1a: two elements with one number cost a look at a record, no more.
    private static string KeyOf(Set set, SetElement element)
    {
        const ulong Offset = 0xcbf29ce484222325,
            Prime = 0x100000001b3;
        var hash = Offset;
        foreach (var each in set.ToString())
            hash = (hash ^ each) * Prime;
        foreach (var each in element.Key)
            hash = (hash ^ each) * Prime;
        foreach (var each in element.KeyEnd ?? [])
            hash = (hash ^ each) * Prime;
        return string.Create(CultureInfo.InvariantCulture, $"{hash:x16}.");
    }
}
