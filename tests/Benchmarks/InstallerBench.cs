using System.Diagnostics;
using System.Globalization;

namespace Plugboard.Benchmarks;

/// <summary>The installer on a folder that stands for a host with the reference plugins: what a node waits for.</summary>
internal sealed class InstallerBench(BenchOptions options, string directory)
{
    private const int Turns = 10;
    private const double AnewMilliseconds = 1000;
    private const double UnchangedMilliseconds = 50;

    /// <summary>Runs all rows; false where one is not reached.</summary>
    public bool Run()
    {
        Report.Line("Installer: all plugins and two drivers, over the reference's");
        var (anew, unchanged, back, status) = (new double[Turns], new double[Turns], new double[Turns], new double[Turns]);
        for (var i = 0; i < Turns; i++)
        {
            var root = MakeHost(i);
            anew[i] = Time("install", "--host-root", root, "--flexvolume", "plugboard/local,plugboard/nfs");
            unchanged[i] = Time("install", "--host-root", root, "--flexvolume", "plugboard/local,plugboard/nfs");
            status[i] = Time("status", "--host-root", root);
            back[i] = Time("rollback", "--host-root", root);
        }

        var reached = Limit("install, everything replaced", Report.Median(anew), AnewMilliseconds);
        reached &= Limit("install, nothing changed", Report.Median(unchanged), UnchangedMilliseconds);
        reached &= Limit("status", Report.Median(status), AnewMilliseconds);
        return Limit("rollback", Report.Median(back), AnewMilliseconds) && reached;
    }

    private string MakeHost(int number)
    {
        var root = Path.Combine(directory, "host" + number.ToString(CultureInfo.InvariantCulture));
        var bin = Directory.CreateDirectory(root + "/opt/cni/bin").FullName;
        Directory.CreateDirectory(root + "/usr/libexec/kubernetes/kubelet-plugins/volume/exec");
        foreach (var plugin in Directory.GetFiles(options.Reference))
            File.Copy(plugin, Path.Combine(bin, Path.GetFileName(plugin)));
        return root;
    }

    private double Time(params string[] arguments)
    {
        var start = Stopwatch.GetTimestamp();
        BenchMachine.Tool(options.Ours + "/installer", arguments);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
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
}
