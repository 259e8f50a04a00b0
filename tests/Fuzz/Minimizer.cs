using System.Diagnostics;

namespace Plugboard.Tests.Fuzz;

/// <summary>Makes a failing input smaller as long as it fails in the same way: first by halves, then by ever smaller pieces.</summary>
internal static class Minimizer
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(10);

    public static byte[] Shrink(byte[] input, Func<byte[], string?> failureOf)
    {
        var failure = failureOf(input);
        var time = Stopwatch.StartNew();
        for (var piece = input.Length / 2; piece > 0 && time.Elapsed < patience; )
        {
            var smaller = FindSmaller(input, piece, candidate => failureOf(candidate) == failure && time.Elapsed < patience);
            if (smaller is null)
                piece /= 2;
            else
                input = smaller;
        }

        return input;
    }

    private static byte[]? FindSmaller(byte[] input, int piece, Predicate<byte[]> fails)
    {
        for (var at = 0; at < input.Length; at += piece)
        {
            byte[] candidate = [.. input[..at], .. input[Math.Min(at + piece, input.Length)..]];
            if (fails(candidate))
                return candidate;
        }

        return null;
    }
}
