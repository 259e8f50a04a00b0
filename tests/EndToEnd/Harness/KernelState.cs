using System.Text.Json;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>What the kernel says of a namespace, a line a fact, in an order that does not depend on who made it.</summary>
internal static class KernelState
{
    // Numbers the kernel counts out, and clocks.
    private static readonly string[] Counted = ["ifindex", "link_index", "link_netnsid", "valid_life_time", "preferred_life_time"];

    /// <summary>Links with every detail, addresses, routes of all tables, and the settings of <paramref name="interfaces"/>.</summary>
    public static IReadOnlyList<string> Of(TestNamespace ns, params string[] interfaces) =>
        [.. Links(ns), .. Addresses(ns), .. Routes(ns), .. Settings(ns, interfaces)];

    private static IEnumerable<string> Links(TestNamespace ns) => Sorted(ns.Json("ip -d -j link").EnumerateArray()
        .SelectMany(static link => Facts($"link {link.GetProperty("ifname").GetString()}", link))
        // The owner that ours writes on its host ends; the reference has no such thing.
        .Where(static fact => !fact.Contains(" ifalias=", StringComparison.Ordinal))
        .Where(static fact => !fact.Contains("_timer=", StringComparison.Ordinal)));

    private static IEnumerable<string> Addresses(TestNamespace ns) => Sorted(
        from link in ns.Json("ip -d -j address").EnumerateArray()
        from address in link.GetProperty("addr_info").EnumerateArray()
        let facts = string.Join(' ', Facts("", address).Where(static fact => fact is not (" nodad=True" or " tentative=True")))
        where !facts.Contains("fe80:", StringComparison.Ordinal)
        select $"address {link.GetProperty("ifname").GetString()}{facts}");

    // Link-local addresses come when the kernel has seen the carrier: not the plugin's doing, and not at a certain time.
    private static IEnumerable<string> Routes(TestNamespace ns) => Sorted(
        from family in new[] { "-4", "-6" }
        from route in ns.Json($"ip {family} -d -j route show table all").EnumerateArray()
        let facts = string.Join(' ', Facts("", route))
        where !facts.Contains("fe80:", StringComparison.Ordinal)
        select $"route {family}{facts}");

    private static IEnumerable<string> Settings(TestNamespace ns, string[] interfaces) => Sorted(
        from name in interfaces
        from family in new[] { "ipv4", "ipv6" }
        from line in ns.TryTool(["grep", "-r", ".", $"/proc/sys/net/{family}/conf/{name}"]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        select "setting " + line["/proc/sys/net/".Length..]);

    private static IOrderedEnumerable<string> Sorted(IEnumerable<string> lines) => lines.Order(StringComparer.Ordinal);

    private static IEnumerable<string> Facts(string path, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject()
            .Where(static member => !Counted.Contains(member.Name))
            .SelectMany(member => Facts(path + (path.EndsWith('}') ? "." : " ") + member.Name, member.Value)),
        JsonValueKind.Array when element.GetArrayLength() > 0 && element[0].ValueKind == JsonValueKind.Object =>
            element.EnumerateArray().SelectMany(item => Facts(path, item)),
        JsonValueKind.Array => [$"{path}={string.Join(',', element.EnumerateArray())}"],
        _ => [$"{path}={element}"],
    };
}
