using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>One system call of a plugin's run: the <paramref name="Number"/>th of its name, from 1, in its process.</summary>
/// <param name="Name">The call's name.</param>
/// <param name="Number">From 1.</param>
/// <param name="Changes">False if it only reads: what is outside the process is the same before and after it.</param>
internal sealed record SystemCall(string Name, int Number, bool Changes = true)
{
    /// <summary>Of a call that writes: its process and descriptor.</summary>
    public string? WritesTo { get; init; }
}

/// <summary>strace(1), which tells a program's system calls, and what is done with each of them.</summary>
internal static partial class Strace
{
    /// <summary>They touch the process's own memory, threads and time: what is outside is the same before and after them.</summary>
    private static readonly HashSet<string> OfTheProcess =
    [
        "mmap",
        "munmap",
        "mprotect",
        "madvise",
        "brk",
        "futex",
        "rt_sigaction",
        "rt_sigprocmask",
        "rt_sigreturn",
        "sigaltstack",
        "gettid",
        "getpid",
        "sched_getaffinity",
        "sched_yield",
        "prlimit64",
        "membarrier",
        "set_robust_list",
        "rseq",
        "clock_gettime",
        "getrandom",
        "exit_group",
        "exit",
        "execve",
        "arch_prctl",
        "set_tid_address",
        "sysinfo",
        "prctl",
        "poll",
        "wait4",
        "waitid",
    ];

    /// <summary>They read what is outside, or make and set up descriptors, which end with the process.</summary>
    private static readonly HashSet<string> Reading =
    [
        "read",
        "pread64",
        "readv",
        "lseek",
        "close",
        "fstat",
        "newfstatat",
        "statx",
        "stat",
        "lstat",
        "fstatfs",
        "statfs",
        "getdents64",
        "readlink",
        "readlinkat",
        "access",
        "faccessat",
        "faccessat2",
        "fcntl",
        "dup",
        "dup2",
        "dup3",
        "pipe2",
        "getuid",
        "geteuid",
        "getgid",
        "getegid",
        "uname",
        "socket",
        "getsockname",
        "getsockopt",
        "setsockopt",
        "recvmsg",
        "recvfrom",
        "epoll_create1",
        "eventfd2",
        "umask",
        "getcwd",
    ];

    /// <summary>True for a call that touches nothing outside the process.</summary>
    public static bool IsOfTheProcess(string name) => OfTheProcess.Contains(name);

    /// <summary>
    /// Calls the plugin once and lists the system calls that matter from when it has read its input: until then it has done nothing but
    /// start. Where a delegate is executed its calls are listed too, as far as they are more than the plugin's own of that name.
    /// </summary>
    public static IReadOnlyList<SystemCall> Record(CniNode node, string verb, CniPod pod, JsonObject config)
    {
        var log = Path.Combine(node.Directory, "strace.log");
        node.RunBeside(verb, pod, (string)config["type"]!, CniNode.InputOf(verb, pod, config), Recording(log)).Succeeded();
        var calls = Calls(File.ReadLines(log), start: "read(0,");
        File.Delete(log);
        Assert.True(calls.Count > 20, "strace told no system calls");
        return calls;
    }

    /// <summary>The words before a command that has its system calls written to a file.</summary>
    public static string[] Recording(string log) => ["/usr/bin/strace", "-f", "-qq", "-o", log];

    /// <summary>
    /// The calls of a recording that matter, each process's from behind the one that begins with <paramref name="start"/>: until then it
    /// has done nothing but start.
    /// </summary>
    public static IReadOnlyList<SystemCall> Calls(IEnumerable<string> log, string start)
    {
        var counts = new Dictionary<(string Process, string Name), int>();
        var started = new HashSet<string>(StringComparer.Ordinal);
        var places = new Dictionary<(string Name, int Number), int>();
        var calls = new List<SystemCall>();
        foreach (var match in log.Select(static line => CallPattern().Match(line)).Where(static match => match.Success))
        {
            var (process, name) = (match.Groups["process"].Value, match.Groups["name"].Value);
            var number = counts[(process, name)] = counts.GetValueOrDefault((process, name)) + 1;
            if (started.Contains(process) && !OfTheProcess.Contains(name))
            {
                var call = new SystemCall(name, number, !OnlyReads(name, match.Groups["call"].Value))
                {
                    WritesTo = WritePattern().Match(match.Groups["call"].Value) is { Success: true } write
                        ? $"{process} {write.Groups["descriptor"].Value}"
                        : null,
                };
                if (places.TryAdd((name, number), calls.Count))
                    calls.Add(call);
                else if (call.Changes)
                    calls[places[(name, number)]] = call;
            }

            if (match.Groups["call"].ValueSpan.StartsWith(start))
                started.Add(process);
        }

        return calls;
    }

    /// <summary>
    /// The calls before which a process is killed to see each state that it can leave: each that changes anything, and every tenth of the
    /// others, because between two changes the state is the same. Of the writes of one file, with no other change between them, the first
    /// two and the last: before any of them the file is empty or has a part of its content.
    /// </summary>
    public static IEnumerable<SystemCall> WhereStatesDiffer(IEnumerable<SystemCall> calls)
    {
        List<SystemCall> all = [.. calls];
        var inner = InnerWrites(all);
        return all.Where((call, index) => (call.Changes || index % 10 == 0) && !inner.Contains(call));
    }

    private static HashSet<SystemCall> InnerWrites(IEnumerable<SystemCall> calls)
    {
        var inner = new HashSet<SystemCall>();
        var run = new List<SystemCall>();
        foreach (var call in calls.Where(static call => call.Changes))
        {
            if (run.Count > 0 && (call.WritesTo is null || call.WritesTo != run[0].WritesTo))
                EndRun();
            if (call.WritesTo is not null)
                run.Add(call);
        }

        EndRun();
        return inner;

        void EndRun()
        {
            inner.UnionWith(run.Skip(2).SkipLast(1));
            run.Clear();
        }
    }

    private static bool OnlyReads(string name, string call) =>
        Reading.Contains(name)
        || (
            name is "openat" or "open"
            && !call.Contains("O_CREAT", StringComparison.Ordinal)
            && !call.Contains("O_TRUNC", StringComparison.Ordinal)
            && !call.Contains("O_TMPFILE", StringComparison.Ordinal)
        )
        || (name is "sendto" or "sendmsg" && GetRequest().IsMatch(call) && !ChangeRequest().IsMatch(call));

    /// <summary>Tries something at each call and fails with all that any of them left.</summary>
    /// <param name="calls">The calls.</param>
    /// <param name="attempt">Makes one go wrong; what is not as it should be after that.</param>
    /// <param name="recover">Clears up after an attempt that failed, for the next one.</param>
    public static void ForEach(IEnumerable<SystemCall> calls, Func<SystemCall, IEnumerable<string>> attempt, Action? recover = null)
    {
        var findings = new List<string>();
        foreach (var call in calls)
        {
            try
            {
                findings.AddRange(attempt(call).Select(finding => $"{call.Name} {call.Number}: {finding}"));
            }
            catch (Exception e) when (e is Xunit.Sdk.XunitException or InvalidOperationException or IOException)
            {
                findings.Add($"{call.Name} {call.Number}: {e.Message}");
                recover?.Invoke();
            }
        }

        Assert.True(findings.Count == 0, string.Join('\n', findings));
    }

    // Netlink messages that only ask, and those that change something.
    [GeneratedRegex(
        @"nlmsg_type=(RTM_GET|NFNL_SUBSYS_NFTABLES<<8\|NFT_MSG_GET)",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex GetRequest();

    [GeneratedRegex(
        @"nlmsg_type=(RTM_(NEW|SET|DEL)|NFNL_MSG_BATCH|NFNL_SUBSYS_NFTABLES<<8\|NFT_MSG_(NEW|DEL|DESTROY))",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex ChangeRequest();

    [GeneratedRegex(@"^p?write(v|64)?\((?<descriptor>\d+),", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WritePattern();

    [GeneratedRegex(@"^((?<process>\d+)\s+)?(?<call>(?<name>\w+)\(.*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CallPattern();
}
