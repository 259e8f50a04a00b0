using System.Diagnostics;
using Plugboard.Linux;
using Xunit;

namespace Plugboard.Testing;

/// <summary>
/// Waits, bounded, for the effect of a closed descriptor. A child that another test starts at that moment has a copy of every descriptor of
/// this process until it executes (O_CLOEXEC closes them only there): 3 to 33 ms on two busy cores. As long, a loop device, a mount, a
/// lock, a pipe or a port stays in use.
/// </summary>
public static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits for a value; fails with the last one.</summary>
    public static void Equal<T>(T expected, Func<T> actual)
    {
        var last = actual();
        var watch = Stopwatch.StartNew();
        while (!EqualityComparer<T>.Default.Equals(expected, last) && watch.Elapsed < Patience)
        {
            Rest();
            last = actual();
        }

        Assert.Equal(expected, last);
    }

    /// <summary>Waits for a condition; fails with the description.</summary>
    public static void True(Func<bool> condition, Func<string> description)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < Patience, description());
            Rest();
        }
    }

    /// <summary>Does it again while the kernel says EBUSY; throws that after a minute.</summary>
    public static T NotBusy<T>(Func<T> work)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return work();
            }
            catch (ErrnoException e) when (e.Errno == Errno.EBUSY && watch.Elapsed < Patience)
            {
                Rest();
            }
        }
    }

    /// <summary>
    /// Waits until each child that this process is starting has executed or ended: what this process closed before is closed then.
    /// </summary>
    public static void Closed()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), out var process) && IsStarting(process))
                True(() => !IsStarting(process), () => $"process {process} has not executed");
        }
    }

    // A child of this process that is still this process's own executable.
    private static bool IsStarting(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            // proc_pid_stat(5): the parent is the second field after the name, which is in brackets.
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == $"{Environment.ProcessId}"
                && new FileInfo($"/proc/{process}/exe").LinkTarget is { } executable
                && executable == Environment.ProcessPath;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended.
            return false;
        }
    }

    private static void Rest()
    {
        using var never = new ManualResetEventSlim(false, spinCount: 0);
        never.Wait(Pause);
    }
}
