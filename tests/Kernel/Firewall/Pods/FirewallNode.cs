using System.Text.RegularExpressions;
using Plugboard.Addresses;
using Plugboard.Firewall;
using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Ports;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Pods;

/// <summary>
/// A node on which attachments get ports and masquerading as the plugins give them; a link of their name stands for each.
/// </summary>
internal sealed partial class FirewallNode : TestMachine
{
    public FirewallNode()
    {
        Tool("ip link set lo up");
        Client = NftablesClient.Open(Namespace);
    }

    public NftablesClient Client { get; }

    public static PodRecordStore Portmap { get; } = new(PodRecordStore.Root + "/portmap");

    public static PodRecordStore Bridge { get; } = new(PodRecordStore.Root + "/bridge");

    /// <summary>What an attachment publishes; its addresses are those of its number.</summary>
    public static PodHostPorts Forward(string container, string network, int number, params string[] ports) =>
        new()
        {
            Owner = new Attachment(network, container, "eth0"),
            IPv4 = IPPrefix.Parse($"10.{number}.0.2/24"),
            IPv6 = IPPrefix.Parse($"fd00:{number}::2/64"),
            Link = $"v{number}",
            Ports = [.. ports.Select(port => PortMapping.TryParse(port, 80)!)],
        };

    /// <summary>What bridge makes of an attachment; its address is that of its number.</summary>
    public static PodTraffic Traffic(string container, string network, int number, string link) =>
        new()
        {
            Owner = new Attachment(network, container, "eth0"),
            MasqueradedAddresses = [IPPrefix.Parse($"10.{number}.0.2/24"), IPPrefix.Parse($"fd00:{number}::2/64")],
            Link = link,
            OnlyMac = MacAddress.TryParse("02:00:00:00:00:01", out var mac) ? mac : null,
        };

    /// <summary>Has a link.</summary>
    public void AddLink(string name) => Tool($"ip link add {name} type bridge");

    /// <summary>Publishes; the link is made where it is missing.</summary>
    public PodRecord? Publish(PodHostPorts forward, FirewallBackend backend = FirewallBackend.Nftables)
    {
        if (TryTool(["ip", "link", "show", forward.Link]).ExitCode != 0)
            AddLink(forward.Link);
        return With(rules => rules.Apply(forward with { LocalhostLink = "cni0" }, backend));
    }

    public void Withdraw(PodHostPorts forward) =>
        With(rules =>
        {
            rules.Withdraw(forward.Owner, null);
            return 0;
        });

    /// <summary>What CHECK says; null: all is right.</summary>
    public string? Check(PodHostPorts forward) => With(rules => rules.FindDifference(forward with { LocalhostLink = "cni0" }));

    public T With<T>(Func<PodRules<PodHostPorts>, T> act) =>
        Run(() =>
        {
            using var rules = HostPortKind.Open(Portmap);
            return act(rules);
        });

    public T WithTraffic<T>(Func<PodRules<PodTraffic>, T> act) =>
        Run(() =>
        {
            using var traffic = TrafficKind.Open(Bridge);
            return act(traffic);
        });

    /// <summary>The elements of a set as nft says them, without comments; what has expired is gone with the kernel's next tick.</summary>
    public IReadOnlyList<string> Elements(string table, string set)
    {
        Tool("sleep 0.02");
        var isMap = set.Contains("ports", StringComparison.Ordinal) || set.Contains("conditional", StringComparison.Ordinal);
        var listed = Tool($"nft list {(isMap ? "map" : "set")} {table} {set}");
        var start = listed.IndexOf(Head, StringComparison.Ordinal);
        if (start < 0)
            return [];
        var elements = Comment().Replace(listed[(start + Head.Length)..listed.IndexOf('}', start)], "");
        return [.. elements.Split(',').Select(static element => element.Trim()).Order(StringComparer.Ordinal)];
    }

    private const string Head = "elements = {";

    [GeneratedRegex(" comment \"[^\"]*\"")]
    private static partial Regex Comment();

    /// <summary>Where a port of all addresses leads.</summary>
    public IReadOnlyList<string> Ports(bool is6 = false) => Elements("inet plugboard_portmap", is6 ? "ports6" : "ports4");

    /// <summary>The names of files below a directory of /run/plugboard.</summary>
    public IReadOnlyList<string> Files(string directory) =>
        [
            .. TryTool(["find", $"/run/plugboard/{directory}", "-type", "f", "-printf", "%f\\n"])
                .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Order(StringComparer.Ordinal),
        ];

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Client.Dispose();
        base.Dispose(disposing);
    }
}
