using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

namespace Plugboard.Benchmarks;

/// <summary>The FlexVolume driver beside one in bash with jq: what kubelet waits for.</summary>
internal sealed class VolumeBench(BenchOptions options, string directory)
{
    private const string Pods = "/var/lib/kubelet/pods/0e6d1c2a-1111-2222-3333-444455556666/volumes/plugboard~local";
    private const string Options = """
        {"kubernetes.io/fsType":"","kubernetes.io/pvOrVolumeName":"v","kubernetes.io/readwrite":"rw",
         "kubernetes.io/pod.namespace":"ns","path":"ns/data","create":"true"}
        """;
    private const string ShellOptions =
        """{"kubernetes.io/fsType":"","kubernetes.io/pvOrVolumeName":"v","kubernetes.io/readwrite":"rw","path":"data"}""";
    private const double InitMilliseconds = 5;
    private const double ListMilliseconds = 100;

    /// <summary>Runs all rows; false where one is not reached.</summary>
    public bool Run()
    {
        Report.Line($"{"FlexVolume: ours, and a driver in bash and jq", -44} {"ours", 9}     {"shell", 9}     {"ratio", 6}   goal");
        var ours = Install(options.Ours + "/flexvolume", "plugboard~local");
        var shell = Install(FindShellDriver(), "shell~local");
        var reached = Pair("init", 0.20, () => Call(ours, "init"), () => Call(shell, "init"), out var init);
        reached &= Pair("local: mount + unmount", 0.10, () => Cycle(ours, "a", Options), () => Cycle(shell, "b", ShellOptions), out _);
        reached &= Limit("init", init, InitMilliseconds);
        reached &= Limit("list with 1,000 mounts, one of them dead", List(), ListMilliseconds);
        return reached;
    }

    private string Install(string executable, string name)
    {
        var place = Directory.CreateDirectory(Path.Combine(directory, name)).FullName;
        File.Copy(executable, Path.Combine(place, "local"));
        return Path.Combine(place, "local");
    }

    private static string FindShellDriver()
    {
        var place = new DirectoryInfo(AppContext.BaseDirectory);
        while (place is not null && !File.Exists(Path.Combine(place.FullName, "Plugins.sln")))
            place = place.Parent;
        return Path.Combine(
            place?.FullName ?? throw new InvalidOperationException("the bench runs inside the source tree"),
            "tests/Benchmarks/shell-driver.sh"
        );
    }

    private bool Pair(string what, double limit, Action ours, Action shell, out double median)
    {
        var times = new (double Ours, double Shell)[options.Runs];
        for (var i = 0; i < times.Length; i++)
            times[i] = (Time(ours), Time(shell));
        median = Report.Median(times.Select(static time => time.Ours));
        return Report.Row(
            what,
            median,
            Report.Median(times.Select(static time => time.Shell)),
            "ms",
            Report.Median(times.Select(static time => time.Ours / time.Shell)),
            limit
        );
    }

    private static bool Limit(string what, double milliseconds, double limit)
    {
        Report.Line(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{what, -44} {milliseconds, 9:0.00} ms{"", 31}<= {limit:0} ms{(milliseconds <= limit ? "" : "   NOT REACHED")}"
            )
        );
        return milliseconds <= limit;
    }

    private static double Time(Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static void Cycle(string driver, string volume, string json)
    {
        Call(driver, "mount", $"{Pods}/{volume}", json);
        Call(driver, "unmount", $"{Pods}/{volume}");
    }

    private static string Call(string driver, params string[] arguments)
    {
        var result = new Command(driver) { Arguments = arguments, Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] }.Run();
        var text = Encoding.UTF8.GetString(result.Output);
        return text.Contains("\"Success\"", StringComparison.Ordinal)
            ? text
            : throw new InvalidOperationException($"{driver} {arguments[0]}: {text}{result.ErrorText}");
    }

    private double List()
    {
        const int Mounts = 1000;
        for (var i = 1; i <= Mounts; i++)
        {
            var target = $"{Pods}/list{i.ToString(CultureInfo.InvariantCulture)}";
            Directory.CreateDirectory(target);
            if (i < Mounts)
                BenchMachine.Tool("/bin/mount", "-t", "tmpfs", "bench", target);
        }

        List<double> times;
        using (MountDead($"{Pods}/list{Mounts.ToString(CultureInfo.InvariantCulture)}"))
            times = [.. Enumerable.Range(0, 10).Select(_ => Time(ListOnce))];
        BenchMachine.Tool("/bin/sh", "-c", $"umount {Pods}/list*");
        return Report.Median(times);
    }

    // A filesystem whose daemon never answers: a process that looks at it waits as long as the handle is open.
    private static SafeFileHandle MountDead(string place)
    {
        BenchMachine.Tool("/bin/mount", "-t", "fusectl", "bench", "/sys/fs/fuse/connections");
        var daemon = File.OpenHandle("/dev/fuse", FileMode.Open, FileAccess.ReadWrite);
        using var target = FileDescriptor.OpenPath(place);
        var number = daemon.DangerousGetHandle().ToInt32().ToString(CultureInfo.InvariantCulture);
        new Mounting().Filesystem(
            new FilesystemMount("fuse")
            {
                Source = "dead",
                Parameters = [new("fd", number), new("rootmode", "40000"), new("user_id", "0"), new("group_id", "0")],
            },
            target
        );
        return daemon;
    }

    private void ListOnce()
    {
        var result = new Command(options.Ours + "/installer") { Arguments = ["flexvolume", "list"] }.Run();
        if (!Encoding.UTF8.GetString(result.Output).Contains("daemon does not answer\t", StringComparison.Ordinal))
            throw new InvalidOperationException("list does not report the dead mount");
    }
}
