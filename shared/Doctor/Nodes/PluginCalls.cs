using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Doctor.Nodes;

/// <summary>
/// Executes plugins with what changes nothing: STATUS and, of ours, <c>validate</c>. Each call has a limit, and all have one together: a
/// plugin that hangs is killed, and holds up the examination by no more.
/// </summary>
/// <param name="directories">Where the runtime looks for plugins, in its order.</param>
/// <param name="budget">The time that is left for all calls.</param>
internal sealed class PluginCalls(IReadOnlyList<string> directories, CallBudget budget)
{
    private const int LongestOutput = 1 << 16;
    private const string SearchPath = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The executable, found as a runtime finds it: the first regular file of that name; null if absent.</summary>
    public string? FindPath(string type) => directories.Select(directory => $"{directory}/{type}").FirstOrDefault(IsRegular);

    /// <summary>True if the executable of that name is a plugin of ours that validates.</summary>
    public bool IsOurs(string type)
    {
        try
        {
            return FindPath(type) is { } path && PluginNote.Find(path) is >= 1;
        }
        catch (ErrnoException)
        {
            return false;
        }
    }

    /// <summary>Calls STATUS.</summary>
    /// <param name="type">The plugin; it exists.</param>
    /// <param name="config">Its config, as a runtime passes it.</param>
    public StatusReply AskStatus(string type, byte[] config)
    {
        var result = Run(type, [], ["CNI_COMMAND=STATUS", $"CNI_PATH={string.Join(':', directories)}", SearchPath], config);
        if (result is null)
            return StatusReply.NotAsked;
        if (result.TimedOut)
            return StatusReply.Hung;
        return result.Succeeded ? StatusReply.Ready : new StatusReply(StatusKind.NotReady, ErrorOf(result));
    }

    /// <summary>What <c>validate</c> of one of ours finds, a sentence each; empty: nothing, or it could not be asked.</summary>
    /// <param name="type">The plugin; it exists.</param>
    /// <param name="config">Its config, as a runtime passes it.</param>
    public IReadOnlyList<string> Validate(string type, byte[] config)
    {
        const int Invalid = 1;
        return Run(type, ["validate"], [SearchPath], config) is { ExitCode: Invalid, TimedOut: false } result
            ? Encoding.UTF8.GetString(result.Output).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : [];
    }

    private CommandResult? Run(string type, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, byte[] config)
    {
        if (FindPath(type) is not { } path || budget.Next() is not { } limit)
            return null;
        var result = new Command(path)
        {
            Arguments = arguments,
            Environment = environment,
            Input = config,
            Timeout = limit,
            KillPatience = CallBudget.KillPatience,
            OutputLimit = LongestOutput,
            ErrorLimit = LongestOutput,
        }.Run();
        if (result.TimedOut)
            budget.Charge(limit);
        return result;
    }

    private static CniException ErrorOf(CommandResult result)
    {
        try
        {
            return CniErrorObject.Read(result.Output);
        }
        catch (CniException)
        {
            var said = Encoding.UTF8.GetString([.. result.Output, .. result.Error]).Trim().ReplaceLineEndings(" ");
            var end = result.Signal is { } signal ? $"signal {signal}" : $"exit code {result.ExitCode}";
            return new CniException(CniErrorCode.Internal, said.Length == 0 ? end : $"{end}: {Excerpt.Of(said)}");
        }
    }

    private static bool IsRegular(string path)
    {
        try
        {
            return FileDescriptor.FindStatus(path) is { IsRegular: true };
        }
        catch (ErrnoException)
        {
            return false;
        }
    }
}

/// <summary>What a plugin answered to STATUS.</summary>
/// <param name="Kind">The outcome.</param>
/// <param name="Error">Why it is not ready; null otherwise.</param>
internal sealed record StatusReply(StatusKind Kind, CniException? Error)
{
    /// <summary>An ADD can be served.</summary>
    public static StatusReply Ready { get; } = new(StatusKind.Ready, null);

    /// <summary>It did not end in time.</summary>
    public static StatusReply Hung { get; } = new(StatusKind.Hung, null);

    /// <summary>It was not called.</summary>
    public static StatusReply NotAsked { get; } = new(StatusKind.NotAsked, null);
}

/// <summary>Outcomes of STATUS.</summary>
internal enum StatusKind
{
    /// <summary>It was not called.</summary>
    NotAsked,

    /// <summary>It can serve an ADD.</summary>
    Ready,

    /// <summary>It cannot.</summary>
    NotReady,

    /// <summary>It did not end in time.</summary>
    Hung,
}

/// <summary>How long plugins that do not answer may hold up one examination.</summary>
/// <param name="each">The limit of one call.</param>
/// <param name="all">The limit of all calls together.</param>
internal sealed class CallBudget(TimeSpan each, TimeSpan all)
{
    private TimeSpan left = all;

    /// <summary>A budget of 5 seconds for each call, 15 for all.</summary>
    public CallBudget()
        : this(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15)) { }

    /// <summary>How long to wait for the end of what was killed.</summary>
    public static TimeSpan KillPatience => TimeSpan.FromSeconds(1);

    /// <summary>The limit of the next call; null if nothing is left.</summary>
    public TimeSpan? Next() => left <= TimeSpan.Zero ? null : TimeSpan.FromTicks(Math.Min(each.Ticks, left.Ticks));

    /// <summary>A call used up its limit.</summary>
    public void Charge(TimeSpan limit) => left -= limit + KillPatience;
}
