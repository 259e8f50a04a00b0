using Plugboard.Documents;

namespace Plugboard.Installer.FlexVolume.Conversion;

/// <summary>The objects of a manifest: of all its documents, and of the lists in them.</summary>
internal sealed class Manifests
{
    private readonly List<(string Kind, DocumentNode Object)> objects = [];

    /// <summary>Each object with its kind, in their order.</summary>
    public IReadOnlyList<(string Kind, DocumentNode Object)> Objects => objects;

    /// <summary>Reads YAML or JSON.</summary>
    /// <exception cref="DocumentException">It is neither.</exception>
    public static Manifests Read(ReadOnlySpan<byte> utf8)
    {
        var manifests = new Manifests();
        foreach (var document in YamlDocumentReader.ReadAll(utf8))
            manifests.Add(document, TextOf(document, "kind") ?? "");
        return manifests;
    }

    // The items of a typed list, as the API gives it, have no kind of their own.
    private void Add(DocumentNode node, string kind)
    {
        if (!kind.EndsWith("List", StringComparison.Ordinal) || node.Find("items") is not { } items)
        {
            objects.Add((kind, node));
            return;
        }

        foreach (var item in items.Items)
            Add(item, TextOf(item, "kind") ?? kind[..^4]);
    }

    /// <summary>The text of a key, also of one that is a number, true or false; null if it is absent or empty.</summary>
    public static string? TextOf(DocumentNode? node, string key) => node?.Find(key) is { Text.Length: > 0 } value ? value.Text : null;

    /// <summary>The claim of that name; null where the manifest has none.</summary>
    public DocumentNode? FindClaim(string space, string name)
    {
        foreach (var (kind, claim) in objects)
        {
            var metadata = claim.Find("metadata");
            if (
                kind == "PersistentVolumeClaim"
                && TextOf(metadata, "name") == name
                && (TextOf(metadata, "namespace") ?? "default") == space
            )
                return claim;
        }

        return null;
    }

    /// <summary>What to call an object in a message: <c>Deployment shop/web</c>.</summary>
    public static string NameOf(string kind, DocumentNode node)
    {
        var metadata = node.Find("metadata");
        var name = TextOf(metadata, "name") ?? "without a name";
        var space = TextOf(metadata, "namespace") is { } found ? found + "/" : "";
        return Volumes.Options.ShortText.Of($"{(kind.Length == 0 ? "an object" : kind)} {space}{name}");
    }

    /// <summary>True where a flexVolume is written into the pod that an object has or makes.</summary>
    public static bool HasInlineVolume(DocumentNode node) => node.Find("flexVolume") is not null || node.Items.Any(HasInlineVolume);
}
