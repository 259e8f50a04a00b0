using System.Text.Json;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// A kernel with VLANs, as a process: User Mode Linux. It boots once, when the first step is asked for, sees this machine's files read-only, runs
/// vlan.sh as its first process and ends with it. Every step of the script has left a file.
/// </summary>
public sealed class GuestKernel : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("plugboard-guest-").FullName;
    private readonly Lazy<string> steps;

    public GuestKernel()
    {
        steps = new Lazy<string>(Boot);
    }

    /// <summary>Why guests do not run; null where they do. With CI=true they always run, and fail where they cannot.</summary>
    internal static string? Refusal =>
        Environment.GetEnvironmentVariable("CI") == "true" || (File.Exists("/usr/bin/linux.uml") && Directory.Exists("/usr/lib/uml/modules"))
            ? null
            : "the Debian package user-mode-linux is not installed";

    /// <summary>What a step printed, and the exit code that its last line tells.</summary>
    internal CniOutput Step(string name)
    {
        var file = Path.Combine(steps.Value, name);
        Assert.True(File.Exists(file), $"the guest's script has no step {name}");
        var lines = File.ReadAllText(file).TrimEnd().Split('\n');
        Assert.StartsWith("exit ", lines[^1], StringComparison.Ordinal);
        return new CniOutput(int.Parse(lines[^1]["exit ".Length..]), string.Join('\n', lines[..^1]), "");
    }

    /// <summary>The JSON that a step's tool printed.</summary>
    internal JsonElement Look(string name) => JsonSerializer.Deserialize<JsonElement>(Step(name).Succeeded().Output);

    /// <summary>The VLANs of the only port a step shows, as <c>100 PVID Egress-Untagged</c>.</summary>
    internal IReadOnlyList<string> Vlans(string name) => Vlans(Assert.Single(Look(name).EnumerateArray()));

    /// <summary>The VLANs of one port.</summary>
    internal static IReadOnlyList<string> Vlans(JsonElement port) => [.. port.GetProperty("vlans").EnumerateArray().Select(VlanText)];

    private static string VlanText(JsonElement vlan)
    {
        var range = vlan.TryGetProperty("vlanEnd", out var end) ? $"-{end}" : "";
        var flags = vlan.TryGetProperty("flags", out var found) ? found.EnumerateArray().Select(static flag => flag.GetString()!.Replace(' ', '-')) : [];
        return string.Join(' ', [$"{vlan.GetProperty("vlan")}{range}", .. flags]);
    }

    private string Boot()
    {
        var output = Directory.CreateDirectory(Path.Combine(directory, "out")).FullName;
        // modprobe -d wants them below lib/modules.
        Directory.CreateDirectory(Path.Combine(directory, "lib"));
        Directory.CreateSymbolicLink(Path.Combine(directory, "lib/modules"), "/usr/lib/uml/modules");
        using var machine = new TestNamespace();
        var (exitCode, console, error) = machine.TryTool(
        [
            "timeout", "-k", "5", "60", "linux.uml", "mem=256M", "rootfstype=hostfs", "rootflags=/", "ro", "con=null", "con0=fd:0,fd:1", "quiet",
            $"uml_dir={directory}", $"init={Path.Combine(PluginDirectory.Root, "tests/EndToEnd/Guest/vlan.sh")}",
            $"OUT={output}", $"MODULES={directory}", $"PLUGINS={PluginDirectory.Ours}",
        ]);
        Assert.True(File.Exists(Path.Combine(output, "done")), $"the guest's script did not come to its end (exit code {exitCode}): {console}{error}");
        return output;
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
