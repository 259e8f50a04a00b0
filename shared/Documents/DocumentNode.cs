using System.Globalization;
using System.Text;
using Plugboard.Linux;

namespace Plugboard.Documents;

/// <summary>
/// A value of a document, JSON or YAML alike, that knows its line. Names are found as Go's JSON finds a struct's: whatever their case, of
/// several the last. Reading one as what it is not is a <see cref="DocumentException"/> with line and name.
/// </summary>
public sealed class DocumentNode
{
    private const int LongestShown = 64;

    private static readonly IReadOnlyList<DocumentNode> none = [];

    /// <summary>What it is.</summary>
    public required DocumentKind Kind { get; init; }

    /// <summary>The line it begins in, from 1.</summary>
    public required int Line { get; init; }

    /// <summary>Its name in its map, or the map's with a number in a list; empty for the document itself.</summary>
    public string Name { get; init; } = "";

    /// <summary>What is written there, quotes undone; empty for a list or a map.</summary>
    public string Text { get; init; } = "";

    /// <summary>True for a text that is one whatever it looks like: in quotes, as a block, or by its tag.</summary>
    public bool IsQuoted { get; init; }

    /// <summary>The values of a list or a map in their order; empty for other kinds.</summary>
    public IReadOnlyList<DocumentNode> Items { get; init; } = none;

    /// <summary>The value of a name; null if it is missing or null.</summary>
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

    /// <summary>This map with the values of another that it has no longer.</summary>
    /// <param name="before">The map as it was.</param>
    /// <param name="kept">Gets the values that are taken from there.</param>
    public DocumentNode Over(DocumentNode before, ICollection<DocumentNode> kept)
    {
        List<DocumentNode>? items = null;
        foreach (var value in before.Items)
        {
            if (value.Kind == DocumentKind.Null || Find(value.Name) is not null)
                continue;
            items ??= [.. Items];
            items.Add(value);
            kept.Add(value);
        }

        return items is null
            ? this
            : new DocumentNode
            {
                Kind = Kind,
                Line = Line,
                Name = Name,
                Items = items,
            };
    }

    /// <summary>This map with another value in the place of the one of its name.</summary>
    public DocumentNode With(DocumentNode value)
    {
        var others = Items.Where(item => !item.Name.Equals(value.Name, StringComparison.OrdinalIgnoreCase));
        return new DocumentNode
        {
            Kind = Kind,
            Line = Line,
            Name = Name,
            Items = [.. others, value],
        };
    }

    /// <summary>Refuses unknown keys, in our own formats: a mistyped key is an error at its position, not a missing value.</summary>
    /// <param name="known">The keys that are read.</param>
    /// <param name="isExact">A key in another case is unknown too, as it is for Kubernetes.</param>
    /// <exception cref="DocumentException">A key is unknown, with a suggestion if a known key is similar; or a key is present twice, in any
    /// case.</exception>
    public void RequireKnown(IReadOnlyList<string> known, bool isExact = false)
    {
        IEqualityComparer<string> comparer = isExact ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;
        for (var i = 0; i < Items.Count; i++)
        {
            var item = Items[i];
            if (!known.Contains(item.Name, comparer))
                throw item.Error($"unknown key {Quote(item.Name)}{Spelling.Hint(item.Name, known)}");
            for (var before = 0; before < i; before++)
            {
                if (Items[before].Name.Equals(item.Name, StringComparison.OrdinalIgnoreCase))
                    throw item.Error(
                        string.Create(CultureInfo.InvariantCulture, $"{item.Name} is present twice, first in line {Items[before].Line}")
                    );
            }
        }
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
        if (Text.TrimStart('+', '-') is ['0', _, ..])
            throw Error($"{Called}is {Text}, which is octal for some readers and decimal for others: remove the leading zeros");
        return number >= least && number <= most
            ? number
            : throw Error(string.Create(CultureInfo.InvariantCulture, $"{Called}is {number}: it must be {least} to {most}"));
    }

    /// <summary>What the value is refused with.</summary>
    public DocumentException Error(string what) => new(Line, what);

    /// <summary>As <see cref="Error"/>, with the value's name before it.</summary>
    public DocumentException Refused(string why) => new(Line, $"{Called}{why}");

    /// <summary>The value as written, in quotes, for messages: without control characters, and cut to the length of a line.</summary>
    public string Quoted => Quote(Text);

    /// <summary>As <see cref="Quoted"/>, without quotes.</summary>
    public string Shown => Show(Text);

    /// <summary>As <see cref="Quoted"/>, of any text.</summary>
    public static string Quote(string text) => $"\"{Show(text)}\"";

    private static string Show(string text)
    {
        var shown = new StringBuilder();
        foreach (var character in text.Length <= LongestShown ? text : text[..LongestShown])
            shown.Append(char.IsControl(character) ? '\ufffd' : character);
        return shown.Append(text.Length <= LongestShown ? "" : "…").ToString();
    }

    private string Called => Name.Length == 0 ? "" : $"{Show(Name)} ";

    private DocumentException Not(string expected) => Error($"{Called}must be {expected}, not {Words}");

    private string Words =>
        Kind switch
        {
            DocumentKind.Map => "an object",
            DocumentKind.List => "a list",
            DocumentKind.Text => Quoted,
            DocumentKind.Null => "null",
            _ => Shown,
        };
}
