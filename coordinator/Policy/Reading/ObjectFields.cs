using System.Buffers;
using System.Globalization;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Documents;

namespace Plugboard.Coordinator.Policy.Reading;

/// <summary>The fields that objects of several kinds have. Pure.</summary>
/// <param name="limits">What they may have at most.</param>
internal sealed class ObjectFields(PolicyLimits limits)
{
    // Names and labels appear in rules' comments, in the log and on terminals.
    private const int LongestName = 253;
    private const int LongestLabel = 63;
    private const int LongestKey = LongestName + 1 + LongestLabel;

    private static readonly SearchValues<char> OfName = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-.");
    private static readonly SearchValues<char> OfLabel = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
    );

    /// <summary><c>metadata.name</c>.</summary>
    public static string ReadName(DocumentNode metadata)
    {
        var name = metadata.Find("name") ?? throw metadata.Error("metadata has no name");
        return ReadName(name, "a name");
    }

    /// <summary>
    /// <c>metadata.namespace</c>, which is <c>default</c> where a file leaves it out or empty, as for kubectl, and <c>metadata.name</c>.
    /// </summary>
    public static ObjectName ReadNamespacedName(DocumentNode metadata) =>
        new(
            metadata.Find("namespace") is { } home and not { Kind: DocumentKind.Text, Text: "" }
                ? ReadName(home, "a namespace")
                : "default",
            ReadName(metadata)
        );

    private static string ReadName(DocumentNode node, string what)
    {
        var text = ScalarOf(node);
        return text.Length is > 0 and <= LongestName && !text.AsSpan().ContainsAnyExcept(OfName) && HasEnds(text)
            ? text
            : throw node.Refused(
                $"{node.Quoted} is not {what}: lowercase letters, digits, - and . only, with a letter or digit at each end"
            );
    }

    // A name such as 12 needs no quotes for a person.
    private static string ScalarOf(DocumentNode node) => node.Kind == DocumentKind.Number ? node.Text : node.AsText();

    /// <summary>The labels in a map; null: none.</summary>
    public Labels ReadLabels(DocumentNode? map)
    {
        if (map is null)
            return Labels.None;
        RequireAtMost(map.AsMap().Items, map, limits.Parts);
        return Labels.Of(map.Items.Select(ReadLabel));
    }

    private static Label ReadLabel(DocumentNode item) => new(ReadKey(item, item.Name), ReadValue(item));

    /// <summary>A selector: <c>matchLabels</c> and <c>matchExpressions</c>, all of which must hold.</summary>
    public LabelSelector ReadSelector(DocumentNode node)
    {
        node.AsMap().RequireKnown(selectorKeys, isExact: true);
        var requirements = new List<LabelRequirement>();
        if (node.Find("matchLabels") is { } labels)
            requirements.AddRange(
                ReadLabels(labels).All.Select(static label => LabelRequirement.Of(label.Key, LabelOperator.In, label.Value))
            );
        if (node.Find("matchExpressions") is { } expressions)
        {
            RequireAtMost(expressions.AsList(), expressions, limits.Parts);
            requirements.AddRange(expressions.Items.Select(ReadRequirement));
        }

        return LabelSelector.Of(requirements);
    }

    private static readonly string[] selectorKeys = ["matchLabels", "matchExpressions"];
    private static readonly string[] requirementKeys = ["key", "operator", "values"];
    private static readonly string[] operators = ["In", "NotIn", "Exists", "DoesNotExist"];

    private LabelRequirement ReadRequirement(DocumentNode node)
    {
        node.AsMap().RequireKnown(requirementKeys, isExact: true);
        var key = node.Find("key") ?? throw node.Error("a requirement has no key");
        var word = node.Find("operator") ?? throw node.Error($"the requirement for {key.Quoted} has no operator");
        var place = Array.IndexOf(operators, word.AsText());
        if (place < 0)
            throw word.Refused($"{word.Quoted} is not {string.Join(", ", operators)}{Linux.Spelling.Hint(word.Text, operators)}");
        var kind = (LabelOperator)place;
        var values = node.Find("values")?.AsList() ?? [];
        RequireAtMost(values, node, limits.List);
        var needsValues = kind is LabelOperator.In or LabelOperator.NotIn;
        if (needsValues != values.Count > 0)
            throw node.Error(
                $"the requirement for {key.Quoted} has operator {word.Text}: {(needsValues ? "it needs" : "it has no")} values"
            );
        return LabelRequirement.Of(ReadKey(key, key.AsText()), kind, values.Select(ReadValue));
    }

    private static string ReadKey(DocumentNode node, string key)
    {
        var slash = key.IndexOf('/');
        var (prefix, name) = slash < 0 ? ("", key) : (key[..slash], key[(slash + 1)..]);
        return
            key.Length <= LongestKey
            && slash != 0
            && name.Length is > 0 and <= LongestLabel
            && !name.AsSpan().ContainsAnyExcept(OfLabel)
            && HasEnds(name)
            && !prefix.AsSpan().ContainsAnyExcept(OfName)
            ? key
            : throw node.Error($"{DocumentNode.Quote(key)} is not the key of a label");
    }

    private static string ReadValue(DocumentNode node)
    {
        // Kubernetes takes null for the empty text (kubernetes/kubernetes#129257).
        var text = node.Kind == DocumentKind.Null ? "" : node.AsText();
        return text.Length <= LongestLabel && !text.AsSpan().ContainsAnyExcept(OfLabel) && (text.Length == 0 || HasEnds(text))
            ? text
            : throw node.Refused($"{node.Quoted} is not the value of a label");
    }

    // No pod has another, so such a selector would select nothing, and its policy isolate nothing.
    private static bool HasEnds(string text) => char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]);

    /// <summary>Refuses a list with too many entries.</summary>
    public static void RequireAtMost(IReadOnlyList<DocumentNode> list, DocumentNode node, int most)
    {
        if (list.Count > most)
            throw node.Refused(string.Create(CultureInfo.InvariantCulture, $"has {list.Count} entries: {most} is the limit"));
    }
}
