using System.Diagnostics;
using System.Text;
using Plugboard.Tests.Fuzz.Mutations;

namespace Plugboard.Tests.Fuzz;

/// <summary>Inputs for a target, one after the other: which, only the seed, the target's name and its corpus decide.</summary>
internal sealed class FuzzRun(FuzzTarget target, IReadOnlyList<byte[]> corpus, int seed)
{
    /// <summary>How many were read.</summary>
    public int Count { get; private set; }

    /// <summary>How many of them were accepted.</summary>
    public int Accepted { get; private set; }

    /// <summary>Reads inputs until the time is over or there were as many as asked for; what is wrong is thrown, with the seed and the smallest input that shows it.</summary>
    public void Go(TimeSpan time, int most = int.MaxValue)
    {
        var clock = Stopwatch.StartNew();
        while (Count < most && (Count == 0 || clock.Elapsed < time))
            Try(Make(Count));
    }

    /// <summary>An input by its number.</summary>
    public byte[] Make(int number) => new Mutator(new Random(SeedOf(number)), corpus, target.Form).Next();

    private void Try(byte[] input)
    {
        var outcome = Trial.Run(target, input);
        if (outcome.Failure is not null)
            throw Report(input, outcome.Failure);
        Count++;
        Accepted += outcome.Accepted ? 1 : 0;
    }

    private FuzzFailure Report(byte[] input, FuzzFailure failure)
    {
        var smallest = Minimizer.Shrink(input, candidate => KindOf(Trial.Run(target, candidate).Failure));
        var text = new StringBuilder()
            .Append("target ").Append(target.Name).Append(", seed ").Append(seed).Append(", input ").Append(Count).Append(": ").AppendLine(failure.Message)
            .Append("the smallest input, as text: ").AppendLine(Encoding.UTF8.GetString(smallest.AsSpan(0, Math.Min(smallest.Length, 1000))))
            .Append("in base64: ").AppendLine(smallest.Length <= 1000 ? Convert.ToBase64String(smallest) : $"{smallest.Length} bytes, made again by seed and number")
            .Append("keep it in tests/Fuzz/Corpus/").Append(target.Name).AppendLine("/found/ when it is mended");
        return new FuzzFailure(text.ToString(), failure.InnerException ?? failure);
    }

    // A number in a failure is of the input; without numbers it is the fault's own.
    private static string? KindOf(FuzzFailure? failure) => failure is null ? null : string.Concat(failure.Message.TakeWhile(static c => c != ':').Where(static c => !char.IsAsciiDigit(c)));

    // FNV-1a: the same on every machine and with every runtime.
    private int SeedOf(int number)
    {
        var hash = 2166136261u;
        foreach (var c in $"{seed}/{target.Name}/{number}")
            hash = (hash ^ c) * 16777619u;
        return (int)hash;
    }
}
