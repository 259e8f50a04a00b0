using System.Text;

namespace Plugboard.Dhcp.Gob;

/// <summary>
/// A value as it came: a struct knows its fields by name, because the numbers of types and fields are the sender's own. A field that has
/// the zero value was not sent.
/// </summary>
internal sealed record GobValue
{
    /// <summary>Nothing: the zero value of whatever is expected.</summary>
    public static readonly GobValue Zero = new();

    /// <summary>A number: of a signed, an unsigned or a flag.</summary>
    public long Number { get; init; }

    /// <summary>The bytes of a text or a slice of bytes.</summary>
    public byte[] Bytes { get; init; } = [];

    /// <summary>The fields of a struct.</summary>
    public IReadOnlyDictionary<string, GobValue> Fields { get; init; } = new Dictionary<string, GobValue>(0);

    /// <summary>The elements of a slice or an array.</summary>
    public IReadOnlyList<GobValue> Elements { get; init; } = [];

    /// <summary>The bytes as text.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>A field of a struct.</summary>
    public GobValue this[string field] => Fields.TryGetValue(field, out var value) ? value : Zero;

    /// <summary>True if the field was sent.</summary>
    public bool Has(string field) => Fields.ContainsKey(field);
}
