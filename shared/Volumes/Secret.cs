using System.Text;

namespace Plugboard.Volumes;

/// <summary>A text that nothing may show: it has no text form, so no log, message or record of it holds its value.</summary>
/// <param name="value">The bytes as they are.</param>
public sealed class Secret(byte[] value)
{
    /// <summary>
    /// The value, for the call that needs it and nothing else. One line end behind it is dropped: files that Secrets are made of end with
    /// one.
    /// </summary>
    public string Reveal()
    {
        var text = Encoding.UTF8.GetString(value);
        return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2]
            : text.EndsWith('\n') ? text[..^1]
            : text;
    }

    /// <summary>Three dots.</summary>
    public override string ToString() => "…";
}
