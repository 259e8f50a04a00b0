using System.Globalization;
using System.Text;
using Plugboard.Tests.Fuzz.Mutations;
using Plugboard.Tests.Fuzz.Targets;

namespace Plugboard.Tests.Fuzz;

/// <summary>
/// Every reader of input that others write, with inputs that were made of real ones. <c>./build.sh test</c> takes the seed 1 and half a
/// minute in all; <c>./build.sh fuzz SECONDS</c> a new seed, which it prints, and as long as given (PLUGBOARD_FUZZ_SEED,
/// PLUGBOARD_FUZZ_SECONDS, PLUGBOARD_FUZZ_REPORT).
/// </summary>
public sealed class FuzzTests
{
    private const double UsualSeconds = 25;

    private static readonly FuzzTarget[] targets =
    [
        .. CniTargets.All,
        .. StateTargets.All,
        .. DhcpTargets.All,
        .. CoordinatorTargets.All,
        .. ApiTargets.All,
        .. FlexVolumeTargets.All,
        .. TextTargets.All,
    ];

    public static TheoryData<string> Names => [.. targets.Select(static target => target.Name)];

    private static FuzzTarget Of(string name) => Array.Find(targets, target => target.Name == name)!;

    private static IReadOnlyList<byte[]> CorpusOf(FuzzTarget target, string folder = "")
    {
        var directory = Path.Combine(AppContext.BaseDirectory, "Corpus", target.Corpus, folder);
        return Directory.Exists(directory)
            ? [.. Directory.GetFiles(directory).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)]
            : [];
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    [Theory]
    [MemberData(nameof(Names))]
    public void Whatever_is_read_is_accepted_or_refused_in_time_and_in_plain_words(string name)
    {
        var target = Of(name);
        var seed = int.Parse(Variable("PLUGBOARD_FUZZ_SEED") ?? "1", CultureInfo.InvariantCulture);
        var seconds = double.Parse(Variable("PLUGBOARD_FUZZ_SECONDS") ?? "0", CultureInfo.InvariantCulture);
        var run = new FuzzRun(target, CorpusOf(target), seed);
        run.Go(TimeSpan.FromSeconds((seconds > 0 ? seconds : UsualSeconds) / targets.Length));
        if (Variable("PLUGBOARD_FUZZ_REPORT") is { } report)
            File.AppendAllText(report, $"{name}: {run.Count} inputs, {run.Accepted} accepted\n");
        Assert.True(run.Count > 0);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_real_is_accepted(string name)
    {
        var target = Of(name);
        var corpus = CorpusOf(target);
        Assert.NotEmpty(corpus);
        foreach (var input in corpus)
        {
            var outcome = Trial.Run(target, input);
            Assert.True(
                outcome.Failure is null && outcome.Accepted,
                $"{outcome.Failure?.Message ?? outcome.Refusal}: {Encoding.UTF8.GetString(input)}"
            );
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_was_found_once_stays_mended(string name)
    {
        var target = Of(name);
        foreach (var input in CorpusOf(target, "found"))
            Assert.Null(Trial.Run(target, input).Failure?.Message);
    }

    [Fact]
    public void The_seed_decides_every_input()
    {
        var target = Of("bridge");
        var (first, second, other) = (
            new FuzzRun(target, CorpusOf(target), 7),
            new FuzzRun(target, CorpusOf(target), 7),
            new FuzzRun(target, CorpusOf(target), 8)
        );
        Assert.All(Enumerable.Range(0, 50), number => Assert.Equal(first.Make(number), second.Make(number)));
        Assert.Contains(Enumerable.Range(0, 50), number => !first.Make(number).AsSpan().SequenceEqual(other.Make(number)));
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("echoes")]
    [InlineData("waits")]
    [InlineData("names")]
    public void A_reader_with_a_fault_is_found_and_its_input_is_made_small(string fault)
    {
        bool Read(byte[] input)
        {
            var text = Encoding.UTF8.GetString(input);
            if (!text.Contains("null", StringComparison.Ordinal))
                return true;
            return fault switch
            {
                "throws" => throw new InvalidOperationException("x"),
                "echoes" => throw new FormatException(new string('x', 100_000)),
                "names" => throw new FormatException("The value could not be converted to System.Int32."),
                _ => Spin(),
            };
        }

        var target = new FuzzTarget("planted", InputForm.Json, Read, typeof(FormatException))
        {
            Longest = TimeSpan.FromMilliseconds(fault == "waits" ? 5 : 500),
        };
        var failure = Assert.Throws<FuzzFailure>(() =>
            new FuzzRun(target, ["""{"a":[1,2,{"b":"c","d":"e"}],"f":"g"}"""u8.ToArray()], 1).Go(TimeSpan.FromSeconds(60))
        );
        Assert.Contains("target planted, seed 1, input ", failure.Message, StringComparison.Ordinal);
        if (fault != "waits")
            Assert.Contains("as text: null\n", failure.Message, StringComparison.Ordinal);
    }

    private static bool Spin()
    {
        var sum = 0;
        for (var i = 0; i < 30_000_000; i++)
            sum ^= i;
        return sum >= 0;
    }
}
