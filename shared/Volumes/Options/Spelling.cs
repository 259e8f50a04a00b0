namespace Plugboard.Volumes.Options;

/// <summary>Finds the word that somebody meant.</summary>
public static class Spelling
{
    /// <summary>The known word that is nearest to <paramref name="word"/>, at most two mistakes away (one in words of up to four letters); null where none is.</summary>
    public static string? FindNearest(string word, IEnumerable<string> known)
    {
        string? nearest = null;
        var least = word.Length <= 4 ? 2 : 3;
        foreach (var candidate in known)
        {
            var distance = Distance(word, candidate);
            if (distance < least)
                (nearest, least) = (candidate, distance);
        }

        return nearest;
    }

    /// <summary>How many letters must be added, removed, changed or swapped with the next to make one word the other, without regard to case.</summary>
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
