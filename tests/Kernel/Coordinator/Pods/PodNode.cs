using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Pods;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall;
using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Ports;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Pods;

/// <summary>A node with pods as the plugins make them, each a link, records and elements; and the reconciler that puts them back.</summary>
internal sealed class PodNode : TestMachine
{
    private readonly NftablesMonitor monitor;

    public PodNode()
    {
        Tool("ip link set lo up");
        Client = NftablesClient.Open(Namespace);
        monitor = NftablesMonitor.Open(Namespace);
    }

    /// <summary>The reconciler; not for when an engine runs.</summary>
    public PodReconciler Reconciler { get; } = new(PodRecordStore.Root);

    public NftablesClient Client { get; }

    public static ClusterView View { get; } =
        new()
        {
            Network = new NetConf(),
            Self = new LocalNode { Name = "n1", PodCidrs = [IPPrefix.Parse("10.244.0.0/16")] },
            IsComplete = true,
        };

    public static PodRecordStore Portmap { get; } = new(PodRecordStore.Root + "/portmap");

    public static PodRecordStore Bridge { get; } = new(PodRecordStore.Root + "/bridge");

    public static Attachment Owner(int number) => new("pods", $"pod{number}", "eth0");

    /// <summary>What a pod publishes: port 8000 and its number.</summary>
    public static PodHostPorts Ports(int number) =>
        new()
        {
            Owner = Owner(number),
            IPv4 = IPPrefix.Parse($"10.244.{number / 250}.{number % 250 + 2}/16"),
            IPv6 = IPPrefix.Parse($"fd00:244::{number + 2:x}/64"),
            Link = $"veth{number}",
            Ports = [PortMapping.TryParse($"{8000 + number}/tcp", 80)!],
        };

    /// <summary>A pod with a link, a published port, masquerading and a checked hardware address.</summary>
    public void Add(int number, Func<PodHostPorts, PodHostPorts>? change = null)
    {
        Tool($"ip link add veth{number} type bridge");
        Publish(change is null ? Ports(number) : change(Ports(number)));
        Run(() =>
        {
            using var traffic = TrafficKind.Open(Bridge);
            traffic.Apply(Traffic(number), FirewallBackend.Nftables);
        });
    }

    private static PodTraffic Traffic(int number) =>
        new()
        {
            Owner = Owner(number),
            MasqueradedAddresses = Ports(number).Addresses,
            Link = $"veth{number}",
            OnlyMac = MacAddress.TryParse("02:00:00:00:00:01", out var mac) ? mac : null,
        };

    public void Publish(PodHostPorts forward, FirewallBackend backend = FirewallBackend.Nftables) =>
        Run(() =>
        {
            using var rules = HostPortKind.Open(Portmap);
            rules.Apply(forward with { LocalhostLink = "cni0" }, backend);
        });

    /// <summary>What CHECK says of a pod's ports alone; null: nothing.</summary>
    public string? CheckPorts(int number) =>
        Run(() =>
        {
            using var rules = HostPortKind.Open(Portmap);
            return rules.FindDifference(Ports(number) with { LocalhostLink = "cni0" });
        });

    /// <summary>As its DEL does.</summary>
    public void Delete(int number) =>
        Run(() =>
        {
            using var rules = HostPortKind.Open(Portmap);
            rules.Withdraw(Owner(number), null);
            using var traffic = TrafficKind.Open(Bridge);
            traffic.Withdraw(Owner(number), null);
        });

    /// <summary>A table of the inet family that only the returned client can change; it goes with it.</summary>
    public NftablesClient OwnTable(string name)
    {
        var client = NftablesClient.Open(Namespace);
        var batch = new NftablesBatch();
        batch.AddOwned(new Table(NftFamily.Inet, name));
        client.Commit(batch);
        return client;
    }

    /// <summary>What CHECK says of a pod's ports, and of its masquerading and hardware address; null: nothing.</summary>
    public string? Check(int number, Func<PodHostPorts, PodHostPorts>? change = null) =>
        Run(() =>
        {
            using var rules = HostPortKind.Open(Portmap);
            using var traffic = TrafficKind.Open(Bridge);
            var forward = change is null ? Ports(number) : change(Ports(number));
            return rules.FindDifference(forward with { LocalhostLink = "cni0" }) ?? traffic.FindDifference(Traffic(number));
        });

    /// <summary>What it heard last concerned it.</summary>
    public bool WasConcerned { get; private set; }

    /// <summary>
    /// The reconciler gets the notifications since, and runs if they concern it. What it restored; no problem may be left.
    /// </summary>
    public IReadOnlyList<Change> Hear()
    {
        WasConcerned = false;
        while (monitor.Receive(TimeSpan.FromMilliseconds(100)).Items is { Count: > 0 } transactions)
        {
            foreach (var transaction in transactions)
                WasConcerned |= Reconciler.Hears(transaction);
        }

        return WasConcerned ? Sync(SyncCause.Kernel) : [];
    }

    public IReadOnlyList<Change> Sync(SyncCause cause)
    {
        var outcome = Run(() => Reconciler.Sync(View, cause));
        Assert.Equal([], outcome.Problems);
        return outcome.Changes;
    }

    /// <summary>The ruleset's words, in an order of their own: the kernel has none for elements.</summary>
    public IReadOnlyList<string> Ruleset() =>
        [
            .. Tool("nft list ruleset")
                .Split(['\n', ',', '{', '}'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Order(StringComparer.Ordinal),
        ];

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Reconciler.Dispose();
            monitor.Dispose();
            Client.Dispose();
        }

        base.Dispose(disposing);
    }
}
