using System.Text;
using System.Text.Json;

namespace Plugboard.Documents;

/// <summary>
/// The values of a document that are read, by name, and what is read of each; of a list, of each of its values. Names are found as they are
/// written, in this case: for what a program wrote.
/// </summary>
public sealed class DocumentFields
{
    private readonly (byte[] Utf8, string Name, DocumentFields? Within)[] fields;

    private DocumentFields((byte[] Utf8, string Name, DocumentFields? Within)[] fields) => this.fields = fields;

    /// <summary>Some values, each with what is read of it; null: all.</summary>
    public static DocumentFields Of(params (string Name, DocumentFields? Within)[] fields) =>
        new([.. fields.Select(static field => (Encoding.UTF8.GetBytes(field.Name), field.Name, field.Within))]);

    /// <summary>The value whose name is at hand; null: it is not read.</summary>
    internal (string Name, DocumentFields? Within)? Find(ref Utf8JsonReader reader)
    {
        foreach (var (utf8, name, within) in fields)
        {
            if (reader.ValueTextEquals(utf8))
                return (name, within);
        }

        return null;
    }
}
