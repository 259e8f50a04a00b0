#pragma warning disable RS0030 // A process that goes on while it is measured.
using System.Diagnostics;
using System.Globalization;
using Plugboard.Netlink.Route;

namespace Plugboard.Benchmarks;

/// <summary>A coordinator that runs while it is measured, and what is read of it from outside.</summary>
internal static class Running
{
    private const double TicksPerMillisecond = 0.1;

    /// <summary>Starts an executable; what it logs is thrown away.</summary>
    public static Process Start(string executable, IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo(executable, arguments) { RedirectStandardError = true, UseShellExecute = false };
        var process = Process.Start(info)!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>How many IPv4 routes of the coordinator the kernel has.</summary>
    public static int Routes(RouteClient client) =>
        client.Routes.List(new RouteFilter(AddressFamily.IPv4, Protocol: RouteProtocol.Plugboard)).Count;

    /// <summary>Waits for a state; throws when it does not come.</summary>
    public static void Until(Func<bool> isSo, TimeSpan patience, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!isSo())
        {
            if (watch.Elapsed > patience)
                throw new InvalidOperationException($"not so after {patience}: {what}");
            Thread.CurrentThread.Join(10);
        }
    }

    /// <summary>The processor time of a process and its threads, in milliseconds.</summary>
    public static double ProcessorTime(int pid)
    {
        var fields = File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture))
            / TicksPerMillisecond;
    }

    /// <summary>What a process has in memory, in MB.</summary>
    public static double Memory(int pid) =>
        double.Parse(
            File.ReadLines($"/proc/{pid}/status")
                .First(line => line.StartsWith("VmRSS", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture
        ) / 1024;
}
