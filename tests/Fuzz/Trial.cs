using System.Text;
using System.Text.RegularExpressions;
using Plugboard.Testing;

namespace Plugboard.Tests.Fuzz;

/// <summary>One input, read once, and what must hold of every reader.</summary>
internal static partial class Trial
{
    /// <summary>Characters of a message at most: some values, each of a few hundred, and the words around them.</summary>
    private const int LongestMessage = 8 * 1024;

    /// <summary>Reads an input.</summary>
    public static Outcome Run(FuzzTarget target, byte[] input)
    {
        var began = Timing.ProcessorTime();
        var outcome = Read(target, input);
        if (
            outcome.Failure is null
            && TookTooLong(target, input, Timing.ProcessorTime() - began)
            && TookTooLong(target, input, Again(target, input))
        )
            return outcome with
            {
                Failure = new FuzzFailure(
                    $"it takes too long: {(Timing.ProcessorTime() - began).TotalMilliseconds:0} ms for {input.Length} bytes, twice"
                ),
            };
        return outcome;
    }

    private static Outcome Read(FuzzTarget target, byte[] input)
    {
        try
        {
            return new Outcome(target.Read(input), "", null);
        }
        catch (FuzzFailure e)
        {
            return new Outcome(false, "", e);
        }
        catch (Exception e) when (target.Refusals.Contains(e.GetType()))
        {
            return new Outcome(false, e.Message, FindFault(e.Message, input));
        }
        catch (Exception e)
        {
            return new Outcome(false, "", new FuzzFailure($"{e.GetType().Name} is not documented, from {Origin(e)}", e));
        }
    }

    /// <summary>
    /// What is wrong with a message: too long, or with the names of types, methods or resources, which say nothing to an operator; null:
    /// nothing.
    /// </summary>
    public static FuzzFailure? FindFault(string message, byte[] input)
    {
        if (message.Length > LongestMessage)
            return new FuzzFailure("a message repeats its input without bound");
        return message.Trim().Length == 0 ? new FuzzFailure("a message says nothing") : FindName(message, input);
    }

    /// <summary>As <see cref="FindFault"/>, of a line that is shortened where it is written.</summary>
    public static FuzzFailure? FindName(string message, byte[] input)
    {
        return
            OfTheFramework().Match(message) is { Success: true } name
            && !Encoding.UTF8.GetString(input).Contains(name.Value, StringComparison.OrdinalIgnoreCase)
            ? new FuzzFailure($"a message has a name of the framework, {name.Value}: {message}")
            : null;
    }

    [GeneratedRegex(
        @"\bSystem\.[A-Z]\w+|\b\w+Exception\b|YamlDotNet|Plugboard\.[A-Z]|\bArg_\w+|\bSR\.\w+|`\d"
            + @"|\bInt(16|32|64)\b|\bSystem\.Text\.Json|\bJsonElement\b|\bat \w+\.\w+\(|Path: \$|BytePositionInLine",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex OfTheFramework();

    private static string Origin(Exception e) =>
        e.StackTrace?.Split('\n').FirstOrDefault(static line => line.Contains("Plugboard.", StringComparison.Ordinal))?.Trim() ?? "nowhere";

    private static TimeSpan Again(FuzzTarget target, byte[] input)
    {
        var began = Timing.ProcessorTime();
        _ = Read(target, input);
        return Timing.ProcessorTime() - began;
    }

    // A list of thousands may take longer, but in proportion.
    private static bool TookTooLong(FuzzTarget target, byte[] input, TimeSpan time) =>
        time > target.Longest * Math.Max(1, input.Length / 65536.0);
}

/// <summary>What became of an input.</summary>
/// <param name="Accepted">True where the reader took it.</param>
/// <param name="Refusal">What the reader said, where it did not.</param>
/// <param name="Failure">What must not be; null: all is well.</param>
internal readonly record struct Outcome(bool Accepted, string Refusal, FuzzFailure? Failure);
