using System.Text;

namespace Plugboard.Dhcp.Gob;

/// <summary>
/// Writes messages of gob. A struct's fields are written in their order; one that has the zero value is left out, and the next one's step
/// is larger for it. Source: Go's package encoding/gob, "Encoding Details".
/// </summary>
internal sealed class GobWriter
{
    private const int Common = 0;

    private readonly List<byte> stream = [];
    private readonly List<byte> body = [];
    private readonly Stack<int> last = new();

    /// <summary>All messages.</summary>
    public byte[] ToArray() => [.. stream];

    /// <summary>Defines a struct by the names and types of its fields; a nameless one by none.</summary>
    public void DefineStruct(int id, string name, params ReadOnlySpan<(string Name, int Type)> fields)
    {
        BeginDefinition(id, 2, name);
        if (fields.Length > 0)
        {
            Step(1);
            Unsigned((ulong)fields.Length);
            foreach (var (field, type) in fields)
            {
                BeginStruct();
                Text(0, field);
                SignedField(1, type);
                EndStruct();
            }
        }

        EndDefinition();
    }

    /// <summary>Defines a slice by the type of its elements.</summary>
    public void DefineSlice(int id, string name, int element)
    {
        BeginDefinition(id, 1, name);
        SignedField(1, element);
        EndDefinition();
    }

    private void BeginDefinition(int id, int kind, string name)
    {
        Signed(-id);
        BeginStruct();
        Step(kind);
        BeginStruct();
        Step(Common);
        BeginStruct();
        Text(0, name);
        SignedField(1, id);
        EndStruct();
    }

    private void EndDefinition()
    {
        EndStruct();
        EndStruct();
        EndMessage();
    }

    /// <summary>Begins a message with a struct of a type.</summary>
    public void BeginValue(int id)
    {
        Signed(id);
        BeginStruct();
    }

    /// <summary>Ends it.</summary>
    public void EndValue()
    {
        EndStruct();
        EndMessage();
    }

    /// <summary>Begins a struct: an element, or a field after its <see cref="Step"/>.</summary>
    public void BeginStruct() => last.Push(-1);

    /// <summary>Ends it.</summary>
    public void EndStruct()
    {
        last.Pop();
        body.Add(0);
    }

    /// <summary>Says that the field of that number comes.</summary>
    public void Step(int field)
    {
        Unsigned((ulong)(field - last.Pop()));
        last.Push(field);
    }

    /// <summary>A field that is a text, left out if empty.</summary>
    public void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>A field that is a slice of bytes, left out if empty.</summary>
    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            return;
        Step(field);
        Unsigned((ulong)value.Length);
        body.AddRange(value);
    }

    /// <summary>A field that is a slice of texts, left out if empty.</summary>
    public void Texts(int field, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
            return;
        Step(field);
        Count(values.Count);
        foreach (var value in values)
        {
            var bytes = Encoding.UTF8.GetBytes(value);
            Unsigned((ulong)bytes.Length);
            body.AddRange(bytes);
        }
    }

    /// <summary>A field that is an unsigned number, left out if zero.</summary>
    public void UnsignedField(int field, ulong value)
    {
        if (value == 0)
            return;
        Step(field);
        Unsigned(value);
    }

    /// <summary>A field that is a signed number, left out if zero.</summary>
    public void SignedField(int field, long value)
    {
        if (value == 0)
            return;
        Step(field);
        Signed(value);
    }

    /// <summary>A field that is a pointer to a signed number: zero is sent too, absence is not.</summary>
    public void PointerField(int field, long? value)
    {
        if (value is not { } number)
            return;
        Step(field);
        Signed(number);
    }

    /// <summary>How many elements of a slice follow.</summary>
    public void Count(int count) => Unsigned((ulong)count);

    private void EndMessage()
    {
        Unsigned(stream, (ulong)body.Count);
        stream.AddRange(body);
        body.Clear();
    }

    private void Signed(long value) => Unsigned(value < 0 ? (ulong)~value << 1 | 1 : (ulong)value << 1);

    private void Unsigned(ulong value) => Unsigned(body, value);

    private static void Unsigned(List<byte> to, ulong value)
    {
        if (value < 128)
        {
            to.Add((byte)value);
            return;
        }

        var length = 8 - System.Numerics.BitOperations.LeadingZeroCount(value) / 8;
        to.Add((byte)-length);
        for (var i = length - 1; i >= 0; i--)
            to.Add((byte)(value >> (8 * i)));
    }
}
