using System.Globalization;

namespace Plugboard.Benchmarks;

/// <summary>What to compare and how often.</summary>
internal sealed record BenchOptions(string Ours, string Reference)
{
    /// <summary>How many pods are added, checked and deleted on each side.</summary>
    public int Runs { get; init; } = 40;

    /// <summary>How many pods are on the bridge already where growth is measured.</summary>
    public int Present { get; init; } = 900;

    /// <summary>How many ADDs start at once.</summary>
    public int Parallel { get; init; } = 100;

    /// <summary>The only network to measure, <c>basic</c> or <c>full</c>; empty: both.</summary>
    public string Only { get; init; } = "";

    /// <summary>The networks to measure.</summary>
    public IEnumerable<BenchNetwork> Networks
    {
        get
        {
            if (Only != "full")
                yield return BenchNetwork.Basic(this);
            if (Only != "basic")
                yield return BenchNetwork.Full(this);
        }
    }

    /// <summary>Reads the command line.</summary>
    public static BenchOptions Parse(string[] args)
    {
        return new BenchOptions(args[0], args[1])
        {
            Runs = Number("-n", 40),
            Present = Number("--pods", 900),
            Parallel = Number("--parallel", 100),
            Only = Array.IndexOf(args, "--only") is >= 0 and var only && only + 1 < args.Length ? args[only + 1] : "",
        };

        int Number(string name, int otherwise) =>
            Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length
                ? int.Parse(args[at + 1], CultureInfo.InvariantCulture)
                : otherwise;
    }
}
