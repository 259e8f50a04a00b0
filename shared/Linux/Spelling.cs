namespace Plugboard.Linux;

/// <summary>Suggests the known word that a mistyped one stands for. Pure.</summary>
public static class Spelling
{
    // The comparison's time and memory grow with the product of both lengths; longer words get no suggestion.
    private const int LongestWord = 64;

    /// <summary>
    /// The known word that is nearest to <paramref name="word"/>, at most two mistakes away (one in words of up to four letters); null if
    /// none is near.
    /// </summary>
    public static string? FindNearest(string word, IEnumerable<string> known)
    {
        if (word.Length > LongestWord)
            return null;
        string? nearest = null;
        var least = word.Length <= 4 ? 2 : 3;
        foreach (var candidate in known)
        {
            var distance = Distance(word, candidate);
            // If every letter differs, there is no suggestion.
            if (distance < least && distance < word.Length)
                (nearest, least) = (candidate, distance);
        }

        return nearest;
    }

    /// <summary>The end of a message about an unknown word: <c> (did you mean "podCIDRs"?)</c>; empty if no known word is near.</summary>
    public static string Hint(string word, IEnumerable<string> known) =>
        FindNearest(word, known) is { } meant ? $" (did you mean \"{meant}\"?)" : "";

    /// <summary>
    /// How many letters must be added, removed, changed or swapped with the next to make one word the other, without regard to case.
    /// </summary>
    internal static int Distance(string a, string b)
    {
        var distance = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            distance[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            distance[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var change = distance[i - 1, j - 1] + (Same(a[i - 1], b[j - 1]) ? 0 : 1);
                distance[i, j] = Math.Min(change, Math.Min(distance[i - 1, j], distance[i, j - 1]) + 1);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                    distance[i, j] = Math.Min(distance[i, j], distance[i - 2, j - 2] + 1);
            }
        }

        return distance[a.Length, b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
