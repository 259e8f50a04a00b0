namespace Plugboard.Dhcp.Gob;

/// <summary>
/// Reads the values of a stream, whose bytes come in parts. It takes every type that the stream defines and leaves it to the caller which
/// fields count. Source: Go's package encoding/gob, "Encoding Details".
/// </summary>
internal sealed class GobReader
{
    /// <summary>The longest message: a network config is in it.</summary>
    public const int LongestMessage = 20 << 20;

    private const int DeepestValue = 32;
    private const int MostTypes = 1000;

    private readonly Dictionary<int, GobType> types = [];
    private byte[] buffer = [];
    private int start;
    private int end;

    /// <summary>Takes the bytes that came next.</summary>
    /// <exception cref="GobException">More has come than a message may have.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        var length = end - start + bytes.Length;
        if (length > LongestMessage)
            throw new GobException($"a message is longer than {LongestMessage} bytes");
        if (end + bytes.Length > buffer.Length)
        {
            var larger = new byte[Math.Max(2 * length, 1024)];
            buffer.AsSpan(start, end - start).CopyTo(larger);
            (buffer, end, start) = (larger, end - start, 0);
        }

        bytes.CopyTo(buffer.AsSpan(end));
        end += bytes.Length;
    }

    /// <summary>The next value; null until all of it has come.</summary>
    /// <exception cref="GobException">The bytes are no gob.</exception>
    public GobValue? TryRead()
    {
        while (TryTakeMessage() is { } body)
        {
            var cursor = new GobCursor(body);
            var type = cursor.Signed();
            if (type >= 0)
                return ReadTop(ref cursor, (int)Math.Min(type, int.MaxValue));
            if (types.Count >= MostTypes || -type is < GobTypes.First or > int.MaxValue)
                throw new GobException($"the stream defines type {-type} as its {types.Count + 1}th");
            types[(int)-type] = GobTypes.Read(ref cursor);
        }

        return null;
    }

    private byte[]? TryTakeMessage()
    {
        ReadOnlySpan<byte> rest = buffer.AsSpan(start, end - start);
        if (!GobCursor.TryUnsigned(ref rest, out var length))
            return rest.IsEmpty || 256 - rest[0] <= sizeof(ulong) ? null : throw new GobException("a message has no length");
        if (length is 0 or > LongestMessage)
            throw new GobException($"a message is said to have {length} bytes");
        if ((ulong)rest.Length < length)
            return null;
        start = end - rest.Length + (int)length;
        return rest[..(int)length].ToArray();
    }

    // A value that is no struct comes after a zero, as if it were a struct's only field.
    private GobValue ReadTop(ref GobCursor cursor, int type)
    {
        var isStruct = types.TryGetValue(type, out var defined) && defined.Kind == GobKind.Struct;
        if (!isStruct && cursor.Unsigned() != 0)
            throw new GobException("a value has no zero before it");
        return Read(ref cursor, type, 0);
    }

    private GobValue Read(ref GobCursor cursor, int type, int depth)
    {
        if (depth > DeepestValue)
            throw new GobException($"values are more than {DeepestValue} deep");
        switch (type)
        {
            case GobTypes.Bool or GobTypes.UInt or GobTypes.Float:
                return new GobValue { Number = (long)cursor.Unsigned() };
            case GobTypes.Int:
                return new GobValue { Number = cursor.Signed() };
            case GobTypes.Bytes or GobTypes.String:
                return new GobValue { Bytes = cursor.Bytes().ToArray() };
            case GobTypes.Complex:
                cursor.Unsigned();
                cursor.Unsigned();
                return GobValue.Zero;
        }

        var defined = types.TryGetValue(type, out var found) ? found : throw new GobException($"type {type} is not defined");
        return defined.Kind switch
        {
            GobKind.Struct => ReadStruct(ref cursor, defined, depth),
            GobKind.Opaque => new GobValue { Bytes = cursor.Bytes().ToArray() },
            _ => ReadElements(ref cursor, defined, depth),
        };
    }

    private GobValue ReadStruct(ref GobCursor cursor, GobType type, int depth)
    {
        var fields = new Dictionary<string, GobValue>(StringComparer.Ordinal);
        for (var field = -1; GobTypes.NextField(ref cursor, ref field); )
        {
            if (field >= type.Fields.Count)
                throw new GobException($"a struct of {type.Fields.Count} fields has a field {field}");
            fields[type.Fields[field].Name] = Read(ref cursor, type.Fields[field].Type, depth + 1);
        }

        return new GobValue { Fields = fields };
    }

    private GobValue ReadElements(ref GobCursor cursor, GobType type, int depth)
    {
        var count = cursor.Count();
        var elements = new List<GobValue>();
        for (var i = 0; i < count; i++)
        {
            if (type.Kind == GobKind.Map)
                Read(ref cursor, type.Key, depth + 1);
            elements.Add(Read(ref cursor, type.Element, depth + 1));
        }

        return new GobValue { Elements = elements };
    }
}
