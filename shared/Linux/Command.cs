using Plugboard.Linux.Children;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux;

/// <summary>
/// A tool to run: posix_spawn(3), with its input given and its output caught. The child starts on the calling thread's network namespace,
/// with an empty signal mask, the default SIGPIPE and no descriptor that this process opened but 0, 1 and 2.
/// </summary>
/// <param name="path">The executable's path; it is not searched for.</param>
public sealed class Command(string path)
{
    // Five seconds, about as long as the CNI library itself tries again.
    private const int BusyAttempts = 100;
    private const int BusyPauseMilliseconds = 50;

    /// <summary>The executable's path.</summary>
    public string Path { get; } = path;

    /// <summary>Its name as the program sees it (argv[0]); null: its path.</summary>
    public string? Name { get; init; }

    /// <summary>The arguments after the executable's own name.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The complete environment, <c>NAME=value</c> each.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Its standard input.</summary>
    public ReadOnlyMemory<byte> Input { get; init; }

    /// <summary>How long it may take before it is killed; null: as long as it likes.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How many bytes it may write to standard output before it is killed.</summary>
    public int OutputLimit { get; init; } = int.MaxValue;

    /// <summary>How many bytes of its standard error are kept; the rest is read and dropped.</summary>
    public int ErrorLimit { get; init; } = int.MaxValue;

    /// <summary>
    /// How long to wait for the end of what was killed: a call that waits for a server may not end at once. Null: as long as it takes.
    /// </summary>
    public TimeSpan? KillPatience { get; init; }

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="ErrnoException">It could not be started.</exception>
    public CommandResult Run()
    {
        using var input = Pipe.Open();
        using var output = Pipe.Open();
        using var error = Pipe.Open();
        var pid = Start(input, output, error);
        input.CloseReader();
        output.CloseWriter();
        error.CloseWriter();
        var streams = new ChildStreams(input, output, error, this);
        var timedOut = false;
        int? status;
        try
        {
            timedOut = !streams.Pump();
        }
        finally
        {
            if (!streams.Done)
                _ = kill(pid, SIGKILL);
            status = timedOut && KillPatience is { } patience ? FindStatus(pid, patience) : Wait(pid);
        }

        var result = status is { } ended
            ? Describe(ended, timedOut, streams)
            : new CommandResult(null, null, timedOut, streams.Output, streams.Error) { Abandoned = pid };
        return streams.Overflowed ? result with { WroteTooMuch = true } : result;
    }

    // An executable that is being written is ETXTBSY for a moment, as while an installer copies it.
    private unsafe int Start(Pipe input, Pipe output, Pipe error)
    {
        using var argv = new CStringArray([Name ?? Path, .. Arguments]);
        using var envp = new CStringArray(Environment);
        for (var attempt = 1; ; attempt++)
        {
            var errno = SpawnChild.Start(Path, argv.Pointer, envp.Pointer, (input.Reader, output.Writer, error.Writer), out var pid);
            if (errno == Errno.None)
                return pid;
            if (errno != Errno.ETXTBSY || attempt == BusyAttempts)
                throw new ErrnoException("posix_spawn", Path, errno);
            _ = Process.Poll(null, 0, BusyPauseMilliseconds);
        }
    }

    private unsafe int Wait(int pid)
    {
        int status;
        while (Process.WaitPid(pid, &status, 0) < 0)
        {
            var failure = ErrnoException.Last("waitpid", Path);
            if (failure.Errno != Errno.EINTR)
                throw failure;
        }

        return status;
    }

    // Null if the time is up and it is still there.
    private static unsafe int? FindStatus(int pid, TimeSpan patience)
    {
        const int Step = 20;
        for (var left = patience.TotalMilliseconds; ; left -= Step)
        {
            int status;
            if (Process.WaitPid(pid, &status, Process.WNOHANG) == pid)
                return status;
            if (left <= 0)
                return null;
            _ = Process.Poll(null, 0, Step);
        }
    }

    // wait(2): the low 7 bits are the signal, else bits 8 to 15 the exit status.
    private static CommandResult Describe(int status, bool timedOut, ChildStreams streams)
    {
        var signal = status & 0x7f;
        return new CommandResult(
            signal == 0 ? (status >> 8) & 0xff : null,
            signal == 0 ? null : signal,
            timedOut,
            streams.Output,
            streams.Error
        );
    }
}
