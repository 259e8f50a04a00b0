using System.Globalization;
using System.Text;
using Plugboard.Documents;

namespace Plugboard.Installer.FlexVolume.Conversion;

/// <summary>Writes parts of a manifest that was read as members of another: in block style, texts in quotes if they were.</summary>
/// <param name="yaml">What is written to.</param>
internal sealed class YamlWriter(StringBuilder yaml)
{
    /// <summary>Writes a value as a member of a mapping.</summary>
    public void Write(string key, DocumentNode value, int indent)
    {
        BeginMember(key, indent);
        if (value.Items.Count == 0)
        {
            yaml.Append(' ').Append(OneLine(value)).Append('\n');
            return;
        }

        yaml.Append('\n');
        WriteItems(value, indent + 2);
    }

    /// <summary>Writes a text, always in quotes.</summary>
    public void Write(string key, string text, int indent)
    {
        BeginMember(key, indent);
        yaml.Append(' ').Append(Quote(text)).Append('\n');
    }

    /// <summary>Writes a list of texts, always in quotes.</summary>
    public void Write(string key, IEnumerable<string> texts, int indent)
    {
        BeginMember(key, indent);
        yaml.Append('\n');
        foreach (var text in texts)
            yaml.Append(' ', indent + 2).Append("- ").Append(Quote(text)).Append('\n');
    }

    private void BeginMember(string key, int indent) => yaml.Append(' ', indent).Append(IsPlain(key) ? key : Quote(key)).Append(':');

    private void WriteItems(DocumentNode value, int indent)
    {
        foreach (var item in value.Items)
        {
            if (value.Kind == DocumentKind.Map)
                Write(item.Name, item, indent);
            else if (item.Items.Count == 0)
                yaml.Append(' ', indent).Append("- ").Append(OneLine(item)).Append('\n');
            else
            {
                var start = yaml.Length;
                WriteItems(item, indent + 2);
                yaml[start + indent] = '-';
            }
        }
    }

    private static string OneLine(DocumentNode value) =>
        value.Kind switch
        {
            DocumentKind.Null => "null",
            DocumentKind.Map => "{}",
            DocumentKind.List => "[]",
            _ => value.IsQuoted || value.Text.Contains('\n', StringComparison.Ordinal) ? Quote(value.Text) : value.Text,
        };

    /// <summary>A text in quotes, which cannot be read as anything else.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (char.IsControl(c) && c is not ('\n' or '\t'))
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                quoted.Append(
                    c switch
                    {
                        '"' => "\\\"",
                        '\\' => @"\\",
                        '\n' => "\\n",
                        '\t' => "\\t",
                        _ => c.ToString(),
                    }
                );
        }

        return quoted.Append('"').ToString();
    }

    private static bool IsPlain(string text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or '/'))
                return false;
        }

        return text.Length > 0
            && char.IsAsciiLetter(text[0])
            && text is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n");
    }
}
