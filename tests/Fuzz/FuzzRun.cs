using System.Diagnostics;
using System.Runtime.ExceptionServices;
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

    // Longer than any input takes on a machine that does ten other things.
    private static readonly TimeSpan patience = TimeSpan.FromMinutes(2);

    private long progress;

    /// <summary>
    /// Reads inputs until the time is over; what is wrong is thrown, with the seed and the smallest input that shows it, or the one that
    /// does not come to its end.
    /// </summary>
    public void Go(TimeSpan time)
    {
        ExceptionDispatchInfo? failure = null;
        progress = Stopwatch.GetTimestamp();
        var reader = new Thread(() =>
        {
            try
            {
                ReadFor(time);
            }
            catch (FuzzFailure e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            IsBackground = true,
        };
        reader.Start();
        while (!reader.Join(TimeSpan.FromSeconds(1)))
        {
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref progress)) > patience)
                throw new FuzzFailure($"target {target.Name}, seed {seed}, input {Count} does not come to its end");
        }

        failure?.Throw();
    }

    private void ReadFor(TimeSpan time)
    {
        var clock = Stopwatch.StartNew();
        while (Count == 0 || clock.Elapsed < time)
        {
            Try(Make(Count));
            Volatile.Write(ref progress, Stopwatch.GetTimestamp());
        }
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
        var smallest = Minimizer.Shrink(
            input,
            candidate =>
            {
                Volatile.Write(ref progress, Stopwatch.GetTimestamp());
                return KindOf(Trial.Run(target, candidate).Failure);
            }
        );
        var text = new StringBuilder()
            .Append("target ")
            .Append(target.Name)
            .Append(", seed ")
            .Append(seed)
            .Append(", input ")
            .Append(Count)
            .Append(": ")
            .AppendLine(failure.Message)
            .Append("the smallest input, as text: ")
            .AppendLine(Encoding.UTF8.GetString(smallest.AsSpan(0, Math.Min(smallest.Length, 1000))))
            .Append("in base64: ")
            .AppendLine(
                smallest.Length <= 1000 ? Convert.ToBase64String(smallest) : $"{smallest.Length} bytes, made again by seed and number"
            )
            .Append("keep it in tests/Fuzz/Corpus/")
            .Append(target.Name)
            .AppendLine("/found/ when it is mended");
        return new FuzzFailure(text.ToString(), failure.InnerException ?? failure);
    }

    // A number in a failure is of the input; without numbers it is the fault's own.
    private static string? KindOf(FuzzFailure? failure) =>
        failure is null ? null : string.Concat(failure.Message.TakeWhile(static c => c != ':').Where(static c => !char.IsAsciiDigit(c)));

    // FNV-1a: the same on every machine and with every runtime.
    private int SeedOf(int number)
    {
        var hash = 2166136261u;
        foreach (var c in $"{seed}/{target.Name}/{number}")
            hash = (hash ^ c) * 16777619u;
        return (int)hash;
    }
}
