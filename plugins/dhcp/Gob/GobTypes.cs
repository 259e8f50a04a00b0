using System.Text;

namespace Plugboard.Dhcp.Gob;

/// <summary>The kinds of types that a stream defines.</summary>
internal enum GobKind
{
    Struct,
    Slice,
    Array,
    Map,
    Opaque,
}

/// <summary>A type that a stream has defined.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Key">The type of a map's keys.</param>
/// <param name="Element">The type of the elements.</param>
internal sealed record GobType(GobKind Kind, int Key = 0, int Element = 0)
{
    /// <summary>The fields of a struct, in the order of their numbers.</summary>
    public IReadOnlyList<(string Name, int Type)> Fields { get; init; } = [];
}

/// <summary>
/// Reads definitions of types: values of the type <c>wireType</c>, which Go's package defines of itself. Source: encoding/gob, type.go.
/// </summary>
internal static class GobTypes
{
    public const int Bool = 1;
    public const int Int = 2;
    public const int UInt = 3;
    public const int Float = 4;
    public const int Bytes = 5;
    public const int String = 6;
    public const int Complex = 7;
    public const int Interface = 8;

    /// <summary>The first number of a type that a stream defines.</summary>
    public const int First = 64;

    private const int MostFields = 1000;

    /// <summary>Reads the definition, from its first field's number on.</summary>
    public static GobType Read(ref GobCursor cursor)
    {
        GobType? type = null;
        for (var field = -1; NextField(ref cursor, ref field); )
        {
            type = field switch
            {
                0 => new GobType(GobKind.Array, Element: ReadParts(ref cursor).Second),
                1 => new GobType(GobKind.Slice, Element: ReadParts(ref cursor).Second),
                2 => ReadStruct(ref cursor),
                3 => ReadMap(ref cursor),
                4 or 5 or 6 => ReadOpaque(ref cursor),
                _ => throw new GobException($"a type is defined by its field {field}, which is unknown"),
            };
        }

        return type ?? throw new GobException("a type is defined as nothing");
    }

    /// <summary>The next field's number; false after the last field of a struct.</summary>
    public static bool NextField(ref GobCursor cursor, ref int field)
    {
        var step = cursor.Unsigned();
        if (step == 0)
            return false;
        if (step > MostFields)
            throw new GobException($"a field's number is {step} larger than that before it");
        field += (int)step;
        return true;
    }

    // CommonType, then one or two numbers.
    private static (int Second, int Third) ReadParts(ref GobCursor cursor)
    {
        var (second, third) = (0, 0);
        for (var field = -1; NextField(ref cursor, ref field); )
        {
            if (field == 0)
                SkipCommon(ref cursor);
            else if (field == 1)
                second = (int)cursor.Signed();
            else
                third = (int)cursor.Signed();
        }

        return (second, third);
    }

    private static GobType ReadMap(ref GobCursor cursor)
    {
        var (key, element) = ReadParts(ref cursor);
        return new GobType(GobKind.Map, key, element);
    }

    private static GobType ReadOpaque(ref GobCursor cursor)
    {
        for (var field = -1; NextField(ref cursor, ref field); )
            SkipCommon(ref cursor);
        return new GobType(GobKind.Opaque);
    }

    private static GobType ReadStruct(ref GobCursor cursor)
    {
        var fields = new List<(string Name, int Type)>();
        for (var field = -1; NextField(ref cursor, ref field); )
        {
            if (field == 0)
            {
                SkipCommon(ref cursor);
                continue;
            }

            var count = cursor.Count();
            for (var i = 0; i < count; i++)
                fields.Add(ReadField(ref cursor));
        }

        return new GobType(GobKind.Struct) { Fields = fields };
    }

    private static (string Name, int Type) ReadField(ref GobCursor cursor)
    {
        var (name, type) = ("", 0);
        for (var field = -1; NextField(ref cursor, ref field); )
        {
            if (field == 0)
                name = Encoding.UTF8.GetString(cursor.Bytes());
            else
                type = (int)cursor.Signed();
        }

        return (name, type);
    }

    private static void SkipCommon(ref GobCursor cursor)
    {
        for (var field = -1; NextField(ref cursor, ref field); )
        {
            if (field == 0)
                cursor.Bytes();
            else
                cursor.Signed();
        }
    }
}
