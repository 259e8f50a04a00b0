using System.Text.Encodings.Web;
using System.Text.Json;

namespace Plugboard.Coordinator.Sources;

/// <summary>Lines for the log, each written once though its subject is read again and again.</summary>
/// <param name="log">Gets them.</param>
internal sealed class Complaints(Action<string> log)
{
    private const int Most = 1000;

    private readonly HashSet<string> told = new(StringComparer.Ordinal);

    /// <summary>Logs the line, unless it was logged before.</summary>
    public void Add(string line)
    {
        // Changing values must not fill the memory.
        if (told.Count >= Most)
            told.Clear();
        if (told.Add(line))
            log(line);
    }

    /// <summary>A foreign value as a JSON string: it stays on one line of bounded length.</summary>
    public static string Quote(string text, int most)
    {
        if (text.Length > most)
            text = text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)] + "…";
        return $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
    }
}
