using System.Text.Encodings.Web;
using System.Text.Json;

namespace Plugboard.Coordinator.Sources;

/// <summary>Lines for the log that are each told once, though what they are about is read again and again.</summary>
/// <param name="log">Gets them.</param>
internal sealed class Complaints(Action<string> log)
{
    private const int Most = 1000;

    private readonly HashSet<string> told = new(StringComparer.Ordinal);

    /// <summary>Tells it, unless it was told.</summary>
    public void Add(string line)
    {
        // Whoever writes something else each time does not fill the memory.
        if (told.Count >= Most)
            told.Clear();
        if (told.Add(line))
            log(line);
    }

    /// <summary>What somebody else wrote, as a JSON string: whatever is in it, it stays one line, and no longer than that.</summary>
    public static string Quote(string text, int most)
    {
        if (text.Length > most)
            text = text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)] + "…";
        return $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
    }
}
