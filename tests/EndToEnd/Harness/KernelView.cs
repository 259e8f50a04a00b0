using System.Text.Json;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>What ip(8) says that the kernel has.</summary>
internal static class KernelView
{
    /// <summary>A link with its details; fails the test where it is not there.</summary>
    public static JsonElement Link(this TestNamespace ns, string name) => ns.Json($"ip -d -j link show dev {name}")[0];

    /// <summary>True where a link of this name is there.</summary>
    public static bool HasLink(this TestNamespace ns, string name) => ns.TryTool(["ip", "link", "show", "dev", name]).ExitCode == 0;

    /// <summary>What a bridge knows of one of its ports: IFLA_BRPORT_*, by ip's names.</summary>
    public static JsonElement Port(this TestNamespace ns, string name) =>
        ns.Link(name).GetProperty("linkinfo").GetProperty("info_slave_data");

    /// <summary>The host end of a pod, as its ADD reported it.</summary>
    public static string PortName(this CniPod pod) => (string)pod.Result!["interfaces"]![1]!["name"]!;

    /// <summary>The addresses of global scope, with their lengths, IPv4 first.</summary>
    public static IReadOnlyList<string> GlobalAddresses(this TestNamespace ns, string name)
    {
        // What does not match ip(8) prints as an object without members, or not at all.
        var links = ns.Json($"ip -j addr show dev {name} scope global")
            .EnumerateArray()
            .Where(static link => link.TryGetProperty("addr_info", out _));
        return
        [
            .. links
                .SelectMany(static link => link.GetProperty("addr_info").EnumerateArray())
                .Where(static each => each.TryGetProperty("local", out _))
                .Select(static each => $"{each.GetProperty("local").GetString()}/{each.GetProperty("prefixlen").GetInt32()}"),
        ];
    }

    /// <summary>The lines of <c>ip route show</c>, without blanks at their ends.</summary>
    /// <param name="ns">Where.</param>
    /// <param name="arguments">As <c>ip</c> takes them after <c>route show</c>; a leading <c>-6</c> goes before.</param>
    public static IReadOnlyList<string> Routes(this TestNamespace ns, string arguments = "")
    {
        var is6 = arguments.StartsWith("-6", StringComparison.Ordinal);
        var lines = ns.Tool($"ip {(is6 ? "-6" : "-4")} route show {(is6 ? arguments[2..] : arguments)}");
        return [.. lines.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
    }

    /// <summary>
    /// True where a ping of <paramref name="address"/> is answered. A neighbour that does not answer at once is asked again after a second.
    /// </summary>
    public static bool Reaches(this TestNamespace ns, string address) =>
        ns.TryTool(["ping", "-c", "1", "-W", "1", address]).ExitCode == 0
        || ns.TryTool(["ping", "-c", "4", "-i", "0.5", "-W", "2", address]).ExitCode == 0;

    /// <summary>A sysctl of the namespace, by its path below /proc/sys.</summary>
    public static string ReadSysctl(this TestNamespace ns, string name) => ns.Run(() => File.ReadAllText($"/proc/sys/{name}").Trim());

    /// <summary>Sets a sysctl of the namespace, by its path below /proc/sys.</summary>
    public static void WriteSysctl(this TestNamespace ns, string name, string value) =>
        ns.Run(() => File.WriteAllText($"/proc/sys/{name}", value));
}
