using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Etcd;

/// <summary>A lease that this node had before the start, such as flanneld's before a reboot.</summary>
public sealed class FoundLeaseTests : IDisposable
{
    private const string Address = "192.168.0.77";
    private const string Lease = "/coreos.com/network/subnets/10.5.77.0-24";
    private const string Other = "/coreos.com/network/subnets/10.5.78.0-24";
    private const string Value =
        """{"PublicIP":"192.168.0.77","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"c6:d7:0e:51:7a:bc"}}""";

    private static readonly VtepData known = EndOf("c6:d7:0e:51:7a:bc");

    private readonly EtcdServer server = new();

    public FoundLeaseTests()
    {
        server.Start();
        server.Ctl("put", "/coreos.com/network/config", """{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}""");
        server.Ctl("put", Lease, Value);
        server.Ctl("put", Other, Value.Replace(".77", ".78", StringComparison.Ordinal));
    }

    public void Dispose() => server.Dispose();

    private static VtepData EndOf(string mac) => new(1, MacAddress.Parse(mac));

    [KernelFact]
    public async Task Its_end_of_the_tunnel_stays_until_the_node_that_knows_it_says_another()
    {
        var (made, other) = (EndOf("22:00:00:00:00:01"), EndOf("22:00:00:00:00:02"));
        await using var node = new EtcdNode(server, "one", "");

        node.Advertise("vxlan", made, Address);
        await node.Until(now => now.Nodes.ContainsKey("one"));
        Assert.Equal(("10.5.77.0/24", known), (node.Subnets, node.Store.Current.Nodes["one"].Vtep4));
        Assert.Equal(Value, server.Ctl("get", Lease, "--print-value-only"));

        node.Advertise("vxlan", known, Address);
        node.Advertise("vxlan", other, Address);
        await node.Until(now => now.Nodes["one"].Vtep4 == other);
        Assert.Contains(other.Mac.ToString(), server.Ctl("get", Lease), StringComparison.Ordinal);
    }

    [KernelFact]
    public async Task It_is_this_node_s_by_any_of_its_addresses_before_it_is_advertised()
    {
        await using var node = new EtcdNode(server, "one", "", expected: $"192.168.5.1 {Address}");
        await node.Until(now => now.IsComplete);
        Assert.Equal(("10.5.77.0/24", "10.5.78.0-24"), (node.Subnets, node.Peers));
        Assert.Equal(Address, node.Store.Current.Nodes["one"].Addresses.ToString());

        node.Advertise("host-gw", address: Address);
        await node.Until(now => now.Nodes["one"].BackendType == "host-gw");
        Assert.Equal(("10.5.77.0/24", "10.5.78.0-24"), (node.Subnets, node.Peers));
    }
}
