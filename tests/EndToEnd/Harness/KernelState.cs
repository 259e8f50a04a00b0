using System.Text.Json;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>What the kernel says of a namespace, a line a fact, in an order that does not depend on who made it.</summary>
internal static class KernelState
{
    // Numbers the kernel counts out, and clocks.
    private static readonly string[] Counted = ["ifindex", "link_index", "link_netnsid", "valid_life_time", "preferred_life_time"];

    // Clocks; a queue length of 0 that 1.1.1 gives both ends (no veth has a queue), a setting that it does not know yet; and what
    // operations.md and state-and-errors.md say is different on purpose: the owner and the IPv6 of host ends, the number of queues,
    // accept_dad without IPv6, the bridge's tag, and that an IPv6 pod tells its neighbours.
    private static readonly string[] Unlike =
    [
        "_timer=",
        " ifalias=",
        " txqlen=",
        " inet6_addr_gen_mode=",
        "x_queues=",
        "/keep_addr_on_down:",
        "/accept_dad:",
        "/cni0/tag:",
        "/eth0/ndisc_notify:",
    ];

    /// <summary>Links with every detail, addresses, routes of all tables, and the settings of <paramref name="interfaces"/>.</summary>
    public static IReadOnlyList<string> Of(TestNamespace ns, params string[] interfaces) =>
        [.. Links(ns), .. Addresses(ns), .. Routes(ns), .. Settings(ns, interfaces)];

    private static IEnumerable<string> Links(TestNamespace ns) =>
        Sorted(
            ns.Json("ip -d -j link")
                .EnumerateArray()
                .SelectMany(static link => Facts($"link {link.GetProperty("ifname").GetString()}", link))
                .Where(static fact => !Unlike.Any(each => fact.Contains(each, StringComparison.Ordinal)))
                .Select(static fact => Settled(fact))
        );

    private static IEnumerable<string> Addresses(TestNamespace ns) =>
        Sorted(
            from link in ns.Json("ip -d -j address").EnumerateArray()
            from address in link.GetProperty("addr_info").EnumerateArray()
            let facts = string.Join(' ', Facts("", address).Where(static fact => fact is not (" nodad=True" or " tentative=True")))
            where !facts.Contains("fe80:", StringComparison.Ordinal)
            select $"address {link.GetProperty("ifname").GetString()}{facts}"
        );

    // Link-local addresses and a link's own route of all multicast come when the kernel has seen the carrier, and the local and anycast
    // routes of an IPv6 address from a work queue: not the plugin's doing, and not at a certain time.
    private static IEnumerable<string> Routes(TestNamespace ns) =>
        Sorted(
            from family in new[] { "-4", "-6" }
            from route in ns.Json($"ip {family} -d -j route show table all").EnumerateArray()
            let facts = string.Join(' ', Facts("", route))
            where !facts.Contains("fe80:", StringComparison.Ordinal) && !facts.Contains(" dst=ff00::/8 ", StringComparison.Ordinal)
            where
                family == "-4"
                || !(facts.Contains("type=local ", StringComparison.Ordinal) || facts.Contains("type=anycast ", StringComparison.Ordinal))
            select Settled($"route {family}{facts}")
        );

    private static IEnumerable<string> Settings(TestNamespace ns, string[] interfaces) =>
        Sorted(
            from name in interfaces
            from family in new[] { "ipv4", "ipv6" }
            from line in ns.Run(() => SettingsBelow($"/proc/sys/net/{family}/conf/{name}"))
            where !Unlike.Any(each => line.Contains(each, StringComparison.Ordinal))
            select "setting " + line["/proc/sys/net/".Length..]
        );

    // Without a process for each directory: there are thousands of these looks.
    private static List<string> SettingsBelow(string directory)
    {
        var lines = new List<string>();
        foreach (var path in Directory.Exists(directory) ? Directory.GetFiles(directory) : [])
        {
            try
            {
                lines.AddRange(
                    File.ReadAllText(path).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(value => $"{path}:{value}")
                );
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // stable_secret cannot be read until it was written.
            }
        }

        return lines;
    }

    // A bridge loses its carrier with its last port, up to a second later; a port of the reference's gets its own after the ADD.
    private static string Settled(string fact) =>
        fact.Replace("=NO-CARRIER,", "=", StringComparison.Ordinal)
            .Replace(",LOWER_UP", "", StringComparison.Ordinal)
            .Replace("link cni0 operstate=DOWN", "link cni0 operstate=UP", StringComparison.Ordinal)
            .Replace("operstate=LOWERLAYERDOWN", "operstate=UP", StringComparison.Ordinal)
            .Replace("info_slave_data state=disabled", "info_slave_data state=forwarding", StringComparison.Ordinal)
            .Replace("=linkdown", "=", StringComparison.Ordinal);

    private static IOrderedEnumerable<string> Sorted(IEnumerable<string> lines) => lines.Order(StringComparer.Ordinal);

    private static IEnumerable<string> Facts(string path, JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.Object => element
                .EnumerateObject()
                .Where(static member => !Counted.Contains(member.Name))
                .SelectMany(member => Facts(path + (path.EndsWith('}') ? "." : " ") + member.Name, member.Value)),
            JsonValueKind.Array when element.GetArrayLength() > 0 && element[0].ValueKind == JsonValueKind.Object => element
                .EnumerateArray()
                .SelectMany(item => Facts(path, item)),
            JsonValueKind.Array => [$"{path}={string.Join(',', element.EnumerateArray())}"],
            _ => [$"{path}={element}"],
        };
}
