using System.Globalization;

namespace Plugboard.Coordinator.Configuration.Documents;

/// <summary>
/// A value of a document, JSON or YAML alike, that knows its line. Names are found as Go's JSON finds a struct's: whatever their case, of several the last.
/// Reading one as what it is not is a <see cref="DocumentException"/> with line and name.
/// </summary>
internal sealed class DocumentNode
{
    private static readonly IReadOnlyList<DocumentNode> none = [];

    /// <summary>What it is.</summary>
    public required DocumentKind Kind { get; init; }

    /// <summary>The line it begins in, from 1.</summary>
    public required int Line { get; init; }

    /// <summary>Its name in its map, or the map's with a number in a list; empty for the document itself.</summary>
    public string Name { get; init; } = "";

    /// <summary>What is written there, quotes undone; empty for a list or a map.</summary>
    public string Text { get; init; } = "";

    /// <summary>The values of a list or a map in their order; empty for others.</summary>
    public IReadOnlyList<DocumentNode> Items { get; init; } = none;

    /// <summary>The value of a name; null where it is missing or null.</summary>
    public DocumentNode? Find(string name)
    {
        DocumentNode? found = null;
        foreach (var item in Items)
        {
            if (item.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                found = item;
        }

        return found is null or { Kind: DocumentKind.Null } ? null : found;
    }

    /// <summary>A map, whose values are in <see cref="Items"/>.</summary>
    public DocumentNode AsMap() => Kind == DocumentKind.Map ? this : throw Not("an object");

    /// <summary>The values of a list.</summary>
    public IReadOnlyList<DocumentNode> AsList() => Kind == DocumentKind.List ? Items : throw Not("a list");

    /// <summary>A text, and only that.</summary>
    public string AsText() => Kind == DocumentKind.Text ? Text : throw Not("a string");

    /// <summary>true or false.</summary>
    public bool AsBoolean() => Kind == DocumentKind.Boolean ? Text == "true" : throw Not("true or false");

    /// <summary>A whole number within bounds.</summary>
    public int AsInteger(int least, int most)
    {
        if (Kind != DocumentKind.Number || !int.TryParse(Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            throw Not("a whole number");
        return number >= least && number <= most
            ? number
            : throw Error(string.Create(CultureInfo.InvariantCulture, $"{Called}is {number}: it must be {least} to {most}"));
    }

    /// <summary>What the value is refused with.</summary>
    public DocumentException Error(string what) => new(Line, what);

    /// <summary>As <see cref="Error"/>, with the value's name before it.</summary>
    public DocumentException Refused(string why) => new(Line, $"{Called}{why}");

    private string Called => Name.Length == 0 ? "" : $"{Name} ";

    private DocumentException Not(string expected) => Error($"{Called}must be {expected}, not {Words}");

    private string Words => Kind switch
    {
        DocumentKind.Map => "an object",
        DocumentKind.List => "a list",
        DocumentKind.Text => $"\"{(Text.Length <= 64 ? Text : $"{Text[..64]}…")}\"",
        DocumentKind.Null => "null",
        _ => Text.Length <= 64 ? Text : $"{Text[..64]}…",
    };
}
