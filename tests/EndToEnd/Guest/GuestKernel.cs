using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// A kernel that has what this machine's may lack, as a process: User Mode Linux. It sees this machine's files read-only, runs one script
/// as its first process and ends with it. A step of the script is a file in $OUT: what a command printed, then a line with its exit code.
/// </summary>
internal sealed class GuestKernel : IDisposable
{
    // Where its executable, libraries and modules are: of what deploy/uml-packages.sh has downloaded, or of Debian's package.
    private const string Installed = "/usr";
    private static readonly string newest = File.Exists($"{Downloaded}/.complete") ? $"{Downloaded}/usr" : Installed;

    // What a boot does for three quarters of its time, and no test needs: 256 terminals of BSD's kind, a measurement of RAID 6, memory for
    // compressed pages.
    private static readonly string[] shorter = ["pty.legacy_count=0", "initcall_blacklist=raid6_select_algo", "zswap.enabled=0"];

    // System calls are signals in the guest's processes (Linux 6.16) instead of stops under ptrace: half of the processor time.
    private const string CallsBySignals = "seccomp=auto";

    private readonly string directory = Directory.CreateTempSubdirectory("plugboard-guest-").FullName;

    private GuestKernel() { }

    /// <summary>Why guests do not run; null where they do. With CI=true they always run, and fail where they cannot.</summary>
    public static string? Refusal =>
        newest != Installed || Environment.GetEnvironmentVariable("CI") == "true" || InstalledRefusal is not { } cause
            ? null
            : cause + "; deploy/uml-packages.sh artifacts/uml downloads a newer one";

    /// <summary>
    /// Why the kernel of Debian's package does not run, which alone has iptables-legacy; null where it does. One before 6.13 has no room
    /// for the registers of AMX.
    /// </summary>
    public static string? InstalledRefusal =>
        !File.Exists($"{Installed}/bin/linux.uml") ? "the Debian package user-mode-linux is not installed"
        : File.ReadAllText("/proc/cpuinfo").Contains(" amx_tile", StringComparison.Ordinal)
            ? "Debian 12's User Mode Linux does not run on a processor with AMX"
        : null;

    private static string Downloaded => Path.Combine(PluginDirectory.Root, "artifacts/uml");

    private string Output => Path.Combine(directory, "out");

    /// <summary>
    /// Boots, runs a script of this folder to its end and halts; fails the test where the script did not come to its end.
    /// </summary>
    /// <param name="script">Its file name.</param>
    /// <param name="variables">The script's environment, <c>NAME=value</c>, besides OUT, MODULES (for <c>modprobe -d</c>) and ROOT, the
    /// source tree.</param>
    public static GuestKernel Run(string script, params string[] variables) => Run(newest, script, variables);

    /// <summary>The same with the kernel of Debian's package.</summary>
    public static GuestKernel RunInstalled(string script, params string[] variables) => Run(Installed, script, variables);

    private static GuestKernel Run(string usr, string script, string[] variables)
    {
        var guest = new GuestKernel();
        try
        {
            guest.Boot(usr, script, variables);
            return guest;
        }
        catch
        {
            guest.Dispose();
            throw;
        }
    }

    private void Boot(string usr, string script, string[] variables)
    {
        Directory.CreateDirectory(Output);
        // modprobe -d wants them below lib/modules.
        Directory.CreateDirectory(Path.Combine(directory, "lib"));
        Directory.CreateSymbolicLink(Path.Combine(directory, "lib/modules"), $"{usr}/lib/uml/modules");
        using var machine = new TestNamespace();
        var (exitCode, console, error) = machine.TryTool([
            "timeout",
            "-k",
            "5",
            "1800",
            "env",
            "-C",
            usr,
            $"HOME={directory}",
            $"LD_LIBRARY_PATH={usr}/lib/x86_64-linux-gnu",
            "bin/linux.uml",
            "mem=1G",
            "rootfstype=hostfs",
            "rootflags=/",
            "ro",
            "con=null",
            "con0=fd:0,fd:1",
            "quiet",
            .. shorter,
            CallsBySignals,
            $"uml_dir={directory}",
            $"init={Path.Combine(PluginDirectory.Root, "tests/EndToEnd/Guest", script)}",
            $"OUT={Output}",
            $"MODULES={directory}",
            $"ROOT={PluginDirectory.Root}",
            .. variables,
        ]);
        Assert.True(
            File.Exists(Path.Combine(Output, "done")),
            $"{script} did not come to its end in the guest (exit code {exitCode}, {Directory.GetFiles(Output).Length} steps): "
                + $"{console}{error}"
        );
    }

    /// <summary>What a step printed, and its exit code.</summary>
    public CniOutput Step(string name)
    {
        var file = Path.Combine(Output, name);
        Assert.True(File.Exists(file), $"the guest's script has no step {name}");
        var lines = File.ReadAllText(file).TrimEnd().Split('\n');
        Assert.StartsWith("exit ", lines[^1], StringComparison.Ordinal);
        return new CniOutput(int.Parse(lines[^1]["exit ".Length..]), string.Join('\n', lines[..^1]), "");
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
