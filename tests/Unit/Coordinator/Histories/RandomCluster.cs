using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Coordinator.Histories;

/// <summary>
/// A small cluster to which things happen that seldom happen: networks, hardware addresses and ages that collide, values that no node may
/// have, this node's own data among them. The same seed has the same history.
/// </summary>
internal sealed class RandomCluster(int seed)
{
    /// <summary>This node's name.</summary>
    public const string Own = "n1";

    private static readonly string[] cidrs =
    [
        "10.244.1.0/24",
        "10.244.2.0/24",
        "10.244.3.0/24",
        "10.244.4.0/24",
        "10.244.5.0/24",
        "10.244.6.0/24",
        "10.244.2.128/25",
        "10.244.2.0/23",
        "10.244.4.0/22",
        "10.244.0.0/17",
        "10.9.0.0/24",
        "192.168.0.0/24",
    ];
    private static readonly string[] cidrs6 = ["fd00:244:0:1::/64", "fd00:244:0:2::/64", "fd00:244:0:3::/64", "fd00:244::/56", "fe80::/64"];

    private readonly Random random = new(seed);

    /// <summary>The cluster's network.</summary>
    public NetConf Network { get; private set; } = Configuration(BackendType.Vxlan, isDirect: false, isNarrow: true);

    /// <summary>This node's uplink.</summary>
    public Uplink Uplink { get; private set; } = UplinkOf(2);

    /// <summary>One to four things happen at once, or, seldom, nothing.</summary>
    public void Step(NodeStore store)
    {
        for (var count = random.Next(10) == 0 ? 0 : random.Next(1, 5); count > 0; count--)
            Happen(store);
    }

    private void Happen(NodeStore store)
    {
        switch (random.Next(40))
        {
            case < 24:
                store.Set(Node(Name()));
                break;
            case < 34:
                store.Remove(Name());
                break;
            case 34:
                store.Set(Node(Own) with { PodCidrs = [IPPrefix.Parse("10.244.1.0/24")], Addresses = [IPAddr.Parse("192.168.0.1")] });
                break;
            case 35:
                store.Set(Node(Own));
                break;
            case 36:
                Network = Configuration(
                    Pick([BackendType.Vxlan, BackendType.Vxlan, BackendType.HostGw, BackendType.Ipip]),
                    random.Next(2) == 0,
                    random.Next(2) == 0
                );
                break;
            case 37:
                Uplink = UplinkOf(random.Next(2, 4));
                break;
            case 38:
                store.SetSourceError(random.Next(2) == 0 ? null : "cannot be read");
                break;
            default:
                store.Replace(Enumerable.Range(1, 9).Where(_ => random.Next(4) > 0).Select(number => Node($"n{number}")).ToList());
                break;
        }
    }

    private string Name() => $"n{random.Next(2, 10)}";

    private ClusterNode Node(string name) =>
        new()
        {
            Name = name,
            Uid = random.Next(8) == 0 ? "2" : "1",
            CreatedAt = random.Next(3) == 0 ? null : DateTimeOffset.UnixEpoch.AddDays(random.Next(4)),
            PodCidrs = Some(cidrs).Concat(Some(cidrs6)).Select(text => IPPrefix.Parse(text)).ToValueArray(),
            SaysNoPods = random.Next(8) == 0,
            SaysNoAddresses = random.Next(8) == 0,
            IsSilent = random.Next(30) == 0,
            Addresses = Some(["192.168.0.1", "192.168.0.2", "192.168.0.3", "172.16.0.4", "172.16.0.5", "127.0.0.1"])
                .Concat(Some(["fd00:192::2", "fd00:192::3", "fd00:172::4"]))
                .Select(text => IPAddr.Parse(text))
                .ToValueArray(),
            BackendType = Pick(["", "", "", "vxlan", "host-gw"]),
            Vtep4 = Vtep(),
            Vtep6 = Vtep(),
        };

    private VtepData? Vtep() =>
        random.Next(6) == 0
            ? null
            : new VtepData(
                Pick([0, 1, 1, 1, 9]),
                random.Next(8) == 0 ? VtepMac.From(Own, 1, is6: false) : MacAddress.Local((ulong)random.Next(6))
            );

    private string[] Some(string[] all) => random.Next(8) == 0 ? [] : [Pick(all)];

    private T Pick<T>(T[] all) => all[random.Next(all.Length)];

    private static Uplink UplinkOf(int last) =>
        new(
            new UplinkLink(2, "eth0", 1500),
            [IPPrefix.Parse($"192.168.0.{(last == 2 ? 1 : 3)}/24"), IPPrefix.Parse("fd00:192::1/64")],
            "it is the only one"
        );

    private static NetConf Configuration(BackendType type, bool isDirect, bool isNarrow) =>
        new()
        {
            Network = isNarrow ? IPPrefix.Parse("10.244.0.0/16") : null,
            EnableIPv6 = true,
            Backend = new BackendConf { Type = type, DirectRouting = isDirect },
        };
}
