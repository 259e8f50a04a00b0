using Plugboard.Protocols.FlexVolume;

namespace Plugboard.FlexVolume;

/// <summary>The objects of a manifest: of all its documents, and of the lists in them.</summary>
internal sealed class Manifests
{
    private const int MaxDepth = 100;

    private readonly List<(string Kind, YamlNode Object)> objects = [];

    /// <summary>Each object with its kind, in their order.</summary>
    public IReadOnlyList<(string Kind, YamlNode Object)> Objects => objects;

    /// <summary>Reads YAML or JSON.</summary>
    /// <exception cref="FlexException">It has an unsupported element.</exception>
    public static Manifests Read(string text)
    {
        var manifests = new Manifests();
        foreach (var document in YamlReader.Read(text))
            manifests.Add(document, document.FindText("kind") ?? "", MaxDepth);
        return manifests;
    }

    // The items of a typed list, as the API gives it, have no kind of their own.
    private void Add(YamlNode node, string kind, int depth)
    {
        if (!kind.EndsWith("List", StringComparison.Ordinal) || node.Find("items") is not { } items || depth == 0)
        {
            objects.Add((kind, node));
            return;
        }

        foreach (var item in items.Items)
            Add(item, item.FindText("kind") ?? kind[..^4], depth - 1);
    }

    /// <summary>The claim of that name; null where the manifest has none.</summary>
    public YamlNode? FindClaim(string space, string name)
    {
        foreach (var (kind, claim) in objects)
        {
            var metadata = claim.Find("metadata");
            if (
                kind == "PersistentVolumeClaim"
                && metadata?.FindText("name") == name
                && (metadata.FindText("namespace") ?? "default") == space
            )
                return claim;
        }

        return null;
    }

    /// <summary>What to call an object in a message: <c>Deployment shop/web</c>.</summary>
    public static string NameOf(string kind, YamlNode node)
    {
        var metadata = node.Find("metadata");
        var name = metadata?.FindText("name") ?? "without a name";
        var space = metadata?.FindText("namespace") is { } found ? found + "/" : "";
        return Volumes.Options.ShortText.Of($"{(kind.Length == 0 ? "an object" : kind)} {space}{name}");
    }

    /// <summary>True where a flexVolume is written into the pod that an object has or makes.</summary>
    public static bool HasInlineVolume(YamlNode node) =>
        node.Find("flexVolume") is not null
        || node.Members.Any(static member => HasInlineVolume(member.Value))
        || node.Items.Any(HasInlineVolume);
}
