using System.CommandLine;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cli;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Node;
using Plugboard.Netlink.Route;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>A node's choice of the link by which it reaches the others, in a namespace.</summary>
internal static class UplinkChoice
{
    /// <summary>A node with two networks, a pod network and docker's, and no default route, for <c>ip -batch</c>.</summary>
    public const string Node = """
        link set lo up
        link add eth0 address 02:00:00:00:00:01 type veth peer name eth0p
        link add eth1 address 02:00:00:00:01:01 type veth peer name eth1p
        link set eth0p up
        link set eth0 up
        link set eth1p up
        link set eth1 up
        addr add 192.168.0.1/24 dev eth0
        addr add 10.0.0.5/24 dev eth1
        addr add 10.0.0.6/24 dev eth1
        link add cni0 type bridge
        addr add 10.244.1.1/24 dev cni0
        link set cni0 up
        link add docker0 type bridge
        addr add 172.17.0.1/16 dev docker0
        link set docker0 up
        """;

    /// <summary>The node as its source has it.</summary>
    public static ClusterNode Self { get; } = new() { Name = "n1", PodCidrs = [IPPrefix.Parse("10.244.1.0/24")] };

    /// <summary>Changes the node and has it choose: link and addresses or <c>none</c>, and why.</summary>
    public static (string Text, Uplink? Uplink, string? Fault) Choose(
        TestMachine machine,
        string setup,
        string flags,
        ClusterNode self,
        Uplink? before = null,
        ClusterNode[]? others = null
    )
    {
        var (exitCode, _, error) = machine.TryTool(["ip", "-batch", "-"], setup + "\n");
        Assert.True(exitCode == 0, error);
        // The kernel notices within a second that the other end is down.
        if (setup.Contains("link set eth0p down", StringComparison.Ordinal))
            Eventually.Equal("LOWERLAYERDOWN", () => (string)machine.Json("ip -j link show eth0")[0].GetProperty("operstate").GetString()!);
        return machine.Run(() =>
        {
            using var client = RouteClient.Open();
            var network = new NodeNetwork();
            network.Read(client);
            var store = new NodeStore(static () => { });
            store.Replace([self, .. others ?? []]);
            var question = new ViewBuilder("n1", new Plugboard.Coordinator.Configuration.NetConf { EnableIPv6 = true }).QuestionOf(
                store.Current,
                OptionsOf(flags),
                before
            );
            var finder = new UplinkFinder(network, question, address => NodeNetwork.FindRoute(client, address));
            var found = finder.Find();
            return (
                found is null ? "none" : $"{found.Link.Name} {string.Join(", ", found.Addresses.Select(address => address.Address))}",
                found,
                finder.Fault
            );
        });
    }

    private static UplinkOptions OptionsOf(string flags)
    {
        var options = new CommandOptions();
        var command = new RootCommand();
        foreach (var option in options.All)
            command.Options.Add(option);
        string[] args = ["--net-config-path=", "--subnet-file=", .. flags.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        return new SettingsReader(options, command.Parse(options.Spell(args)), static _ => { }).Read().Uplink;
    }
}
