namespace Plugboard.Firewall.Nftables;

/// <summary>A set of keys, a map from keys to data, or a map from keys to verdicts. Source: nft(8), SETS and MAPS.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Name">At most 255 bytes.</param>
/// <param name="Key">The fields of a key.</param>
public sealed record Set(Table Table, string Name, IReadOnlyList<DataType> Key)
{
    /// <summary>The fields of what a key leads to; empty: it is a set, or leads to verdicts.</summary>
    public IReadOnlyList<DataType> Data { get; init; } = [];

    /// <summary>A key leads to a verdict.</summary>
    public bool LeadsToVerdict { get; init; }

    /// <summary>
    /// An element is from a first key to a last, in each field (Linux 5.6 for several fields). The fields are in network order: addresses,
    /// protocols, ports.
    /// </summary>
    public bool IsInterval { get; init; }

    /// <summary>
    /// The keys are ranges of what <see cref="Statements.Selector.NumgenInc"/> with this number gives, in network order; null: they are
    /// of <see cref="Key"/>'s types.
    /// </summary>
    public uint? RandomBelow { get; init; }

    /// <summary>How long an element stays that does not say it itself, in whole milliseconds; null: for ever.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Elements may say how long they stay: <c>flags timeout</c>.</summary>
    public bool AllowsTimeouts { get; init; }

    /// <summary>
    /// How often the kernel looks for elements whose time has come, in whole milliseconds; null: every second. Until then they take room,
    /// but nobody finds them.
    /// </summary>
    public TimeSpan? GcInterval { get; init; }

    /// <summary>What a reader is told of it; empty: nothing.</summary>
    public string Comment { get; init; } = "";

    /// <summary>True for both kinds of map.</summary>
    public bool IsMap => LeadsToVerdict || Data.Count > 0;

    /// <summary>It is of one rule and has no name.</summary>
    internal bool IsAnonymous { get; init; }

    /// <summary>Elements go by themselves.</summary>
    internal bool HasTimeouts => AllowsTimeouts || Timeout is not null;

    /// <summary>Ranges of one field, which the kernel has as beginnings and ends.</summary>
    internal bool IsOfRanges => IsInterval && Key.Count == 1;

    /// <summary>The length of a key in bytes.</summary>
    internal int KeyLength => LengthOf(Key);

    /// <summary>The length of what a key leads to in bytes.</summary>
    internal int DataLength => LengthOf(Data);

    /// <summary>A map of these fields.</summary>
    public static Set Map(Table table, string name, IReadOnlyList<DataType> key, IReadOnlyList<DataType> data) =>
        new(table, name, key) { Data = data };

    /// <summary>A map to verdicts.</summary>
    public static Set VerdictMap(Table table, string name, IReadOnlyList<DataType> key) => new(table, name, key) { LeadsToVerdict = true };

    /// <summary>As nft names it: <c>inet filter blocked</c>.</summary>
    public override string ToString() => $"{Table} {Name}";

    /// <summary>nft's number of the fields together: six bits for each.</summary>
    internal static uint TypeId(IReadOnlyList<DataType> types)
    {
        var id = 0u;
        foreach (var type in types)
            id = id << 6 | (uint)type.Id;
        return id;
    }

    private static int LengthOf(IReadOnlyList<DataType> types)
    {
        if (types.Count == 1)
            return types[0].Length;
        var length = 0;
        foreach (var type in types)
            length += type.PaddedLength;
        return length;
    }
}
