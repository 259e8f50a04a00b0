namespace Plugboard.Firewall.Nftables;

/// <summary>An element of a set or map.</summary>
/// <param name="Key">The key, or the first of an interval, by <see cref="Field.Join"/>.</param>
public sealed record SetElement(byte[] Key)
{
    /// <summary>The last key of an interval; null: there is but one.</summary>
    public byte[]? KeyEnd { get; init; }

    /// <summary>What a map's key leads to.</summary>
    public byte[]? Data { get; init; }

    /// <summary>The verdict that a verdict map's key leads to.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>Its comment, at most 128 bytes; empty: none.</summary>
    public string Comment { get; init; } = "";

    /// <summary>How long it stays from now on, in whole milliseconds; null: as its set says.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How much is left of that time; null: all.</summary>
    public TimeSpan? Expires { get; init; }

    /// <summary>It is what lies behind a range.</summary>
    internal bool EndsInterval { get; init; }

    /// <summary>True if both have one key, whatever they lead to.</summary>
    public bool HasKeyOf(SetElement other) =>
        Key.AsSpan().SequenceEqual(other.Key) && (KeyEnd ?? Key).AsSpan().SequenceEqual(other.KeyEnd ?? other.Key);

    /// <summary>True if both lead to the same.</summary>
    public bool LeadsWhere(SetElement other) => Verdict == other.Verdict && Data.AsSpan().SequenceEqual(other.Data);

    /// <summary>The element in nft's words: <c>tcp . 8080 comment "web" : 10.1.2.5 . 80</c>.</summary>
    public string Describe(Set set)
    {
        var text = FieldText.Describe(set.Key, Key, KeyEnd);
        if (Timeout is { } timeout)
            text += $" timeout {FieldText.Describe(timeout)}";
        if (Expires is { } left)
            text += $" expires {FieldText.Describe(left)}";
        if (Comment.Length > 0)
            text += $" comment \"{Comment}\"";
        if (Verdict is { } verdict)
            text += $" : {verdict}";
        return Data is null ? text : $"{text} : {FieldText.Describe(set.Data, Data)}";
    }
}
