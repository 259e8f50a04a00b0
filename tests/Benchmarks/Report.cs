using System.Globalization;
using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Benchmarks;

/// <summary>What a person reads: a table of medians and ratios.</summary>
internal static class Report
{
    /// <summary>Prints a line.</summary>
    public static void Line(string text)
    {
        using var output = FileDescriptor.StandardOutput();
        output.Write(Encoding.UTF8.GetBytes(text + "\n"));
    }

    /// <summary>Prints a row: both sides' numbers, their ratio, and the ratio to reach.</summary>
    public static bool Row(string what, double ours, double reference, string unit, double ratio, double limit)
    {
        var verdict = ratio <= limit ? "" : "   NOT REACHED";
        Line(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{what, -47} {ours, 9:0.00} {unit, -3} {reference, 9:0.00} {unit, -3} {ratio, 6:0.00}   <= {limit:0.00}{verdict}"
            )
        );
        return ratio <= limit;
    }

    /// <summary>Prints a number and what it may be at most.</summary>
    public static bool Limit(string what, double number, string unit, double limit)
    {
        var goal = double.IsInfinity(limit) ? "" : string.Create(CultureInfo.InvariantCulture, $"<= {limit:0.##} {unit}");
        Line(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{what, -68} {number, 9:0.00} {unit, -3}   {goal}{(number <= limit ? "" : "   NOT REACHED")}"
            )
        );
        return number <= limit;
    }

    /// <summary>Prints a row that promises nothing.</summary>
    public static void Note(string what, double first, double second, double ratio) =>
        Line(string.Create(CultureInfo.InvariantCulture, $"{what, -47} {first, 9:0.00} ms  {second, 9:0.00} ms  {ratio, 6:0.00}"));

    /// <summary>The middle one of the numbers.</summary>
    public static double Median(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
