namespace Plugboard.Portmap;

/// <summary>Words of a config in an error's text: as much of them as a reader needs to find them.</summary>
internal static class Shortened
{
    private const int Longest = 64;

    /// <summary>The word, or its beginning.</summary>
    public static string Of(string word) => word.Length <= Longest ? word : string.Concat(word.AsSpan(0, Longest), "…");
}
