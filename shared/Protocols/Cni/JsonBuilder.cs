using System.Text;
using System.Text.Json;

namespace Plugboard.Protocols.Cni;

/// <summary>
/// Writes JSON as Go's <c>json.MarshalIndent</c> with four spaces does, to the byte, or all on one line. Strings escape what Go escapes for
/// HTML. Written by hand because the first use of the framework's writer costs a cold process 0.3 ms.
/// </summary>
internal sealed class JsonBuilder(bool indented = true)
{
    private static ReadOnlySpan<byte> Hex => "0123456789abcdef"u8;

    private byte[] buffer = new byte[1024];
    private int length;
    private int depth;
    private bool empty = true;

    /// <summary>All that was written.</summary>
    public byte[] ToArray() => buffer.AsSpan(0, length).ToArray();

    /// <summary>Begins an object, as a member where it has a name.</summary>
    public void BeginObject(string? name = null) => Begin(name, '{');

    /// <summary>Ends it.</summary>
    public void EndObject() => End('}');

    /// <summary>Begins an array, as a member where it has a name.</summary>
    public void BeginArray(string? name = null) => Begin(name, '[');

    /// <summary>Ends it.</summary>
    public void EndArray() => End(']');

    /// <summary>A text; as a member where it has a name.</summary>
    public void String(string? name, string value)
    {
        Next(name);
        Quote(value);
    }

    /// <summary>
    /// A value as it stands in a document; as a member where it has a name. Objects have their names in order, each once, the last of
    /// duplicates.
    /// </summary>
    public void Value(string? name, JsonValue value)
    {
        switch (value.Kind)
        {
            case JsonValueKind.Object:
                BeginObject(name);
                foreach (var (key, member) in JsonMembers.From(value))
                    Value(key, member);
                EndObject();
                break;
            case JsonValueKind.Array:
                BeginArray(name);
                foreach (var member in value.Values)
                    Value(null, member);
                EndArray();
                break;
            case JsonValueKind.String:
                String(name, value.Text);
                break;
            default:
                Next(name);
                Ascii(
                    value.Kind switch
                    {
                        JsonValueKind.Number => value.Text,
                        JsonValueKind.True => "true",
                        JsonValueKind.False => "false",
                        _ => "null",
                    }
                );
                break;
        }
    }

    /// <summary>A text that is left out where it is empty.</summary>
    public void StringUnlessEmpty(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            String(name, value);
    }

    /// <summary>A whole number.</summary>
    public void Number(string name, long value)
    {
        Next(name);
        Ascii(value.ToString());
    }

    /// <summary>True or false.</summary>
    public void Flag(string name, bool value)
    {
        Next(name);
        Ascii(value ? "true" : "false");
    }

    /// <summary>A whole number that is left out where it is null.</summary>
    public void NumberUnlessNull(string name, int? value)
    {
        if (value is { } number)
            Number(name, number);
    }

    /// <summary>A whole number that is left out where it is zero.</summary>
    public void NumberUnlessZero(string name, long value)
    {
        if (value != 0)
            Number(name, value);
    }

    /// <summary>Texts; left out if empty.</summary>
    public void StringsUnlessEmpty(string name, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
            return;
        BeginArray(name);
        foreach (var value in values)
            String(null, value);
        EndArray();
    }

    private void Begin(string? name, char bracket)
    {
        Next(name);
        Byte(bracket);
        depth++;
        empty = true;
    }

    private void End(char bracket)
    {
        depth--;
        if (!empty)
            NewLine();
        Byte(bracket);
        empty = false;
    }

    private void Next(string? name)
    {
        if (depth == 0)
            return;
        if (!empty)
            Byte(',');
        empty = false;
        NewLine();
        if (name is null)
            return;
        Quote(name);
        Byte(':');
        if (indented)
            Byte(' ');
    }

    private void NewLine()
    {
        if (!indented)
            return;
        Byte('\n');
        for (var i = 0; i < depth * 4; i++)
            Byte(' ');
    }

    private void Quote(string text)
    {
        Byte('"');
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is >= ' ' and < '\x80' and not ('"' or '\\' or '<' or '>' or '&'))
                Byte(c);
            else if (c is '"' or '\\')
                Escape(c);
            else if (c is '\n' or '\r' or '\t' or '\b' or '\f')
                Escape(
                    c switch
                    {
                        '\n' => 'n',
                        '\r' => 'r',
                        '\t' => 't',
                        '\b' => 'b',
                        _ => 'f',
                    }
                );
            else if (c < '\x80' || c is '\u2028' or '\u2029')
                EscapeUnit(c);
            else
                i += Unicode(text, i);
        }

        Byte('"');
    }

    // Returns how many more characters were taken: 1 for a pair of surrogates.
    private int Unicode(string text, int at)
    {
        if (!Rune.TryGetRuneAt(text, at, out var rune))
        {
            EscapeUnit('\ufffd');
            return 0;
        }

        Reserve(4);
        length += rune.EncodeToUtf8(buffer.AsSpan(length));
        return rune.Utf16SequenceLength - 1;
    }

    private void Escape(char c)
    {
        Byte('\\');
        Byte(c);
    }

    private void EscapeUnit(char c)
    {
        Escape('u');
        for (var shift = 12; shift >= 0; shift -= 4)
            Byte((char)Hex[(c >> shift) & 15]);
    }

    private void Ascii(string text)
    {
        foreach (var c in text)
            Byte(c);
    }

    private void Byte(char c)
    {
        Reserve(1);
        buffer[length++] = (byte)c;
    }

    private void Reserve(int count)
    {
        if (length + count > buffer.Length)
            Array.Resize(ref buffer, buffer.Length * 2);
    }
}
