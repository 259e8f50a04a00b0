using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Etcd;

public sealed class EtcdSourceTests : IDisposable
{
    private const string Config = "/coreos.com/network/config";
    private const string Leases = "/coreos.com/network/subnets/";
    private const string FlannelValue =
        """{"PublicIP":"192.168.0.77","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"c6:d7:0e:51:7a:bc"}}""";

    private readonly EtcdServer server = new();

    public void Dispose() => server.Dispose();

    private void Start(string config = """{"Network":"10.5.0.0/16","Backend":{"Type":"host-gw"}}""")
    {
        server.Start();
        server.Ctl("put", Config, config);
    }

    private string[] Keys() => server.Ctl("get", Leases, "--prefix", "--keys-only").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    // As the text of a key shows its lease: "lease":N is left out if absent.
    private string LeaseOf(string key)
    {
        var json = server.Ctl("get", Leases + key, "-w", "json");
        var at = json.IndexOf("\"lease\":", StringComparison.Ordinal);
        return at < 0 ? "" : json[(at + 8)..json.IndexOf('}', at)];
    }

    private static string KeyOf(EtcdNode node) => node.Subnets.Replace('/', '-');

    [KernelFact]
    public async Task A_node_gets_a_lease_that_is_written_as_flannel_writes_it_and_lasts_a_day()
    {
        Start();
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.UntilLeased();
        Assert.Equal("10.5.0.0/16", node.Store.Current.Network?.Network.ToString());
        Assert.Equal([Leases + KeyOf(node)], Keys());
        Assert.Equal(
            """{"PublicIP":"192.168.0.1","PublicIPv6":null,"BackendType":"host-gw"}""",
            server.Ctl("get", Leases + KeyOf(node), "--print-value-only")
        );
        var ttl = server.Ctl("lease", "timetolive", long.Parse(LeaseOf(KeyOf(node))).ToString("x"));
        Assert.Contains("granted with TTL(86400s)", ttl, StringComparison.Ordinal);

        node.Advertise("vxlan", new VtepData(1, MacAddress.Parse("c6:d7:0e:51:7a:bd")));
        await node.Until(now => now.Nodes["one"].BackendType == "vxlan");
        Assert.Equal(
            """{"PublicIP":"192.168.0.1","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"c6:d7:0e:51:7a:bd"}}""",
            server.Ctl("get", Leases + KeyOf(node), "--print-value-only")
        );
    }

    [KernelFact]
    public async Task What_flanneld_writes_is_a_peer_and_what_is_none_is_named_and_left_out()
    {
        Start();
        server.Ctl("put", Leases + "10.5.77.0-24", FlannelValue);
        server.Ctl("put", Leases + "garbage", "x");
        server.Ctl("put", Leases + "10.5.78.0-24", "not json");
        await using var node = new EtcdNode(server, "one", "");
        await node.Until(now => now.IsComplete);
        var peer = new ClusterNode
        {
            Name = "10.5.77.0-24",
            PodCidrs = [IPPrefix.Parse("10.5.77.0/24")],
            Addresses = [IPAddr.Parse("192.168.0.77")],
            BackendType = "vxlan",
            Vtep4 = new VtepData(1, MacAddress.Parse("c6:d7:0e:51:7a:bc")),
        };
        Assert.Equal(peer, node.Store.Current.Nodes["10.5.77.0-24"]);
        Assert.Equal("10.5.77.0-24 10.5.78.0-24", node.Peers);
        Assert.Empty(node.Store.Current.Nodes["10.5.78.0-24"].Addresses);
        Assert.Equal(
            [
                "etcd's key \"/coreos.com/network/subnets/10.5.78.0-24\": the value is not JSON; its node is not known",
                "etcd's key \"/coreos.com/network/subnets/garbage\" is ignored: the key's \"garbage\" is not an IPv4 network",
            ],
            node.Log.Order()
        );

        // The watch: a new one, a changed one, a deleted one, and one whose value turns to garbage, which takes nothing away.
        server.Ctl("put", Leases + "10.5.79.0-24", FlannelValue.Replace(".77", ".79", StringComparison.Ordinal));
        await node.Until(_ => node.Peers == "10.5.77.0-24 10.5.78.0-24 10.5.79.0-24");
        server.Ctl("put", Leases + "10.5.79.0-24", FlannelValue.Replace(".77", ".80", StringComparison.Ordinal));
        await node.Until(now => now.Nodes["10.5.79.0-24"].Addresses[0].ToString() == "192.168.0.80");
        server.Ctl("del", Leases + "10.5.77.0-24");
        await node.Until(_ => node.Peers == "10.5.78.0-24 10.5.79.0-24");
        foreach (var value in (string[])["{", "{}", """{"PublicIP":"192.168.0"}""", """{"PublicIp6":"fd00::1"}"""])
            server.Ctl("put", Leases + "10.5.79.0-24", value);
        server.Ctl("put", Config, """{"Network":"10.6.0.0/16","Backend":{"Type":"vxlan"}}""");
        await node.Until(now => now.Network?.Network.ToString() == "10.6.0.0/16");
        Assert.Equal("192.168.0.80", node.Store.Current.Nodes["10.5.79.0-24"].Addresses.ToString());
        Assert.Contains(
            "etcd's key \"/coreos.com/network/subnets/10.5.79.0-24\": the value's PublicIP is not an IPv4 address; its last valid value "
                + "stays in force",
            node.Log
        );
        // A list read again, as after a compaction, is no other matter.
        server.Stop();
        server.Start();
        server.Ctl("put", Config, """{"Network":"10.7.0.0/16","Backend":{"Type":"vxlan"}}""");
        await node.Until(now => now.Network?.Network.ToString() == "10.7.0.0/16");
        Assert.Equal("192.168.0.80", node.Store.Current.Nodes["10.5.79.0-24"].Addresses.ToString());
    }

    [KernelFact]
    public async Task Many_nodes_at_once_never_have_one_network()
    {
        // Three networks for three nodes: nearly every try meets another's.
        Start("""{"Network":"10.5.0.0/28","EnableIPv6":true,"IPv6Network":"fd00::/124","Backend":{"Type":"host-gw"}}""");
        var nodes = Enumerable.Range(1, 3).Select(i => new EtcdNode(server, $"node-{i}", $"192.168.0.{i} fd00:1::{i}")).ToList();
        foreach (var node in nodes)
            await node.UntilLeased();
        Assert.Equal(3, Keys().Length);
        Assert.Equal(6, nodes.SelectMany(node => node.Subnets.Split(", ")).Distinct().Count());
        foreach (var node in nodes)
            await node.Until(now => now.Nodes.Count == 3);

        await using (var late = new EtcdNode(server, "late", "192.168.0.9 fd00:1::9"))
        {
            await late.Until(now => now.PublishError == "this node's lease: no network of 10.5.0.0/28 is free");
            Assert.Equal(3, late.Store.Current.Nodes.Count);
            server.Ctl("del", Leases, "--prefix");
            foreach (var node in nodes.Append(late))
                await node.Until(now => now.Nodes.Count >= 3);
        }

        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    [KernelFact]
    public async Task A_deleted_lease_is_acquired_again_and_one_that_was_given_away_is_dropped()
    {
        Start();
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.UntilLeased();
        var (key, subnets) = (KeyOf(node), node.Subnets);
        server.Ctl("del", Leases + key);
        await using (var other = new EtcdNode(server, "other", ""))
            await other.Until(_ => other.Peers == key);
        Assert.Equal(subnets, node.Subnets);

        server.Ctl("put", Leases + key, FlannelValue);
        await node.Until(_ => node.Subnets != subnets && node.Peers == key);
        Assert.Equal(2, Keys().Length);
    }

    [KernelFact]
    public async Task Who_comes_back_keeps_its_network()
    {
        Start();
        string subnets;
        await using (var node = new EtcdNode(server, "one", "192.168.0.1"))
        {
            await node.UntilLeased();
            subnets = node.Subnets;
        }

        // etcd gets no request when a node ends, be it killed or stopped: the lease stays.
        var lease = LeaseOf(subnets.Replace('/', '-'));
        await using (var node = new EtcdNode(server, "one", "192.168.0.1"))
        {
            await node.UntilLeased();
            Assert.Equal((subnets, ""), (node.Subnets, node.Peers));
            Assert.Equal((lease, "found 1 leases"), (LeaseOf(KeyOf(node)), server.Ctl("lease", "list").Split('\n')[0]));
        }

        server.Ctl("del", Leases, "--prefix");
        await using (
            var node = new EtcdNode(server, "one", "192.168.0.1", options => options with { PreviousSubnets = [IPPrefix.Parse(subnets)] })
        )
        {
            await node.UntilLeased();
            Assert.Equal(subnets, node.Subnets);
        }
    }

    [KernelFact]
    public async Task A_reservation_is_kept_without_an_end()
    {
        Start();
        server.Ctl("put", Leases + "10.5.9.0-24", """{"PublicIP":"192.168.0.1","PublicIPv6":null}""");
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.UntilLeased();
        Assert.Equal("10.5.9.0/24", node.Subnets);
        Assert.Equal("", LeaseOf("10.5.9.0-24"));
        Assert.Equal(
            """{"PublicIP":"192.168.0.1","PublicIPv6":null,"BackendType":"host-gw"}""",
            server.Ctl("get", Leases + "10.5.9.0-24", "--print-value-only")
        );
    }

    [KernelFact]
    public async Task A_lease_outside_the_configuration_is_given_back()
    {
        Start();
        server.Ctl("put", Leases + "10.9.9.0-24", """{"PublicIP":"192.168.0.1","PublicIPv6":null}""");
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.UntilLeased();
        Assert.StartsWith("10.5.", node.Subnets, StringComparison.Ordinal);
        Assert.Equal([Leases + KeyOf(node)], Keys());
    }

    [KernelFact]
    public async Task While_etcd_is_away_no_node_is_removed_from_the_store()
    {
        Start();
        server.Ctl("put", Leases + "10.5.77.0-24", FlannelValue);
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.Until(now => now.Nodes.Count == 2);
        var subnets = node.Subnets;
        server.Stop();
        await node.Until(now => now.SourceError is not null);
        await node.Until(now => now.SourceError == "etcd: http://127.0.0.1:2379: Connection refused");
        Assert.Equal((subnets, "10.5.77.0-24", true), (node.Subnets, node.Peers, node.Store.Current.IsComplete));
        server.Start();
        await node.Until(now => now.SourceError is null);
        server.Ctl("del", Leases + "10.5.77.0-24");
        await node.Until(_ => node.Peers.Length == 0);
        Assert.Equal(subnets, node.Subnets);
    }

    [KernelFact]
    public async Task An_etcd_without_a_configuration_is_none_to_believe()
    {
        Start();
        server.Ctl("put", Leases + "10.5.77.0-24", FlannelValue);
        await using var node = new EtcdNode(server, "one", "");
        await node.Until(now => now.Nodes.Count == 1);
        server.Ctl("del", "/coreos.com", "--prefix");
        await node.Until(now => now.SourceError == "etcd's key /coreos.com/network/config was deleted: its last value stays in force");
        await using var late = new EtcdNode(server, "two", "192.168.0.2");
        await late.Until(now =>
            now.SourceError == "etcd: etcd has no key /coreos.com/network/config: flannel's net-conf.json belongs there"
        );
        Assert.False(late.Store.Current.IsComplete);
        server.Ctl("put", Config, "{\"Network\":");
        await late.Until(now =>
            now.SourceError?.StartsWith("etcd's key /coreos.com/network/config: line 1, column 12: ", StringComparison.Ordinal) ?? false
        );
        server.Ctl("put", Config, """{"Network":"10.5.0.0/16","Backend":{"Type":"host-gw"}}""");
        await late.UntilLeased();
        await late.Until(now => now.SourceError is null);
    }

    [KernelFact]
    public async Task Of_nodes_without_IPv4_each_gets_a_network_of_its_own_as_flannel_names_it()
    {
        Start("""{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00:10:244::/62","Backend":{"Type":"host-gw"}}""");
        server.Ctl(
            "put",
            Leases + "0.0.0.0-0&fd00:10:244:2::-64",
            """{"PublicIP":"0.0.0.0","PublicIPv6":"fd00:1::77","BackendType":"host-gw"}"""
        );
        var nodes = Enumerable.Range(1, 2).Select(i => new EtcdNode(server, $"node-{i}", $"fd00:1::{i}")).ToList();
        foreach (var node in nodes)
            await node.UntilLeased();
        Assert.Equal(3, Keys().Length);
        Assert.All(Keys(), key => Assert.StartsWith($"{Leases}0.0.0.0-0&fd00:10:244:", key, StringComparison.Ordinal));
        Assert.NotEqual(nodes[0].Subnets, nodes[1].Subnets);
        await nodes[0].Until(now => now.Nodes.Count == 3);
        Assert.Contains(
            """{"PublicIP":"0.0.0.0","PublicIPv6":"fd00:1::1","BackendType":"host-gw"}""",
            server.Ctl("get", Leases, "--prefix", "--print-value-only"),
            StringComparison.Ordinal
        );
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    [KernelFact]
    public async Task This_node_s_lease_with_a_broken_value_is_written_again_now_and_after_a_restart()
    {
        Start();
        string key,
            subnets;
        await using (var node = new EtcdNode(server, "one", "192.168.0.1"))
        {
            await node.UntilLeased();
            (key, subnets) = (KeyOf(node), node.Subnets);
            var before = server.Ctl("get", Leases + key, "--print-value-only");
            server.Ctl("put", Leases + key, "{\"PublicIP\":");
            for (var i = 0; i < 400 && server.Ctl("get", Leases + key, "--print-value-only") != before; i++)
                await Task.Delay(5);
            Assert.Equal(before, server.Ctl("get", Leases + key, "--print-value-only"));
            Assert.Equal(subnets, node.Subnets);
        }

        server.Ctl("put", Leases + key, "{}");
        await using var again = new EtcdNode(
            server,
            "one",
            "192.168.0.1",
            options => options with { PreviousSubnets = [IPPrefix.Parse(subnets)] }
        );
        await again.UntilLeased();
        Assert.Equal((subnets, 1), (again.Subnets, Keys().Length));
    }

    [KernelFact]
    public async Task A_look_knows_this_node_by_its_addresses_and_leases_nothing()
    {
        Start();
        server.Ctl("put", Leases + "10.5.77.0-24", FlannelValue);
        server.Ctl("put", Leases + "10.5.78.0-24", FlannelValue.Replace(".77", ".78", StringComparison.Ordinal));
        await using (var none = new EtcdNode(server, "one", "", recognised: "10.0.0.1 192.168.0.1"))
        {
            await none.Until(now =>
                now.PublishError
                == "this node has no lease in etcd yet, no lease has one of its addresses (10.0.0.1, 192.168.0.1): coordinator "
                    + "run acquires one"
            );
            Assert.Equal(("", "10.5.77.0-24 10.5.78.0-24"), (none.Subnets, none.Peers));
        }

        await using (var own = new EtcdNode(server, "one", "", recognised: "10.0.0.1 192.168.0.78 192.168.0.77"))
        {
            await own.UntilLeased();
            Assert.Equal("10.5.78.0/24", own.Subnets);
            Assert.Equal("vxlan", own.Store.Current.Nodes["one"].BackendType);
            Assert.Null(own.Store.Current.SourceError);
        }

        // Of two that are this node's, the one that its pods use.
        await using (
            var used = new EtcdNode(
                server,
                "one",
                "",
                options => options with { PreviousSubnets = [IPPrefix.Parse("10.5.77.0/24")] },
                recognised: "192.168.0.78 192.168.0.77"
            )
        )
        {
            await used.UntilLeased();
            Assert.Equal("10.5.77.0/24", used.Subnets);
        }

        Assert.Equal(2, Keys().Length);
    }

    [KernelFact]
    public async Task Waiting_for_a_configuration_costs_one_login()
    {
        using var secured = new EtcdServer(client: ["--user", "root:secret"]);
        secured.Start();
        secured.Ctl("user", "add", "root:secret");
        secured.Ctl("user", "grant-role", "root", "root");
        secured.Ctl("auth", "enable");
        var logins = 0;
        var login = new Plugboard.Coordinator.Sources.Etcd.EtcdLogin();
        var tokens = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => login.GetAsync(refused: null, Ask, default)));
        Assert.Equal((1, 1), (logins, tokens.Distinct().Count()));
        tokens = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => login.GetAsync(refused: tokens[0], Ask, default)));
        Assert.Equal((2, 1), (logins, tokens.Distinct().Count()));

        await using var node = new EtcdNode(
            secured,
            "one",
            "192.168.0.1",
            options => options with { Username = "root", Password = "secret" }
        );
        await node.Until(now => now.SourceError?.Contains("has no key", StringComparison.Ordinal) ?? false);
        secured.Ctl("put", Config, """{"Network":"10.5.0.0/16","Backend":{"Type":"host-gw"}}""");
        await node.UntilLeased();

        async Task<string> Ask()
        {
            await Task.Yield();
            return $"token {Interlocked.Increment(ref logins)}";
        }
    }

    [KernelFact]
    public async Task The_password_is_not_sent_over_plain_http_to_another_machine_unless_that_is_said()
    {
        server.Start();
        var endpoints = new[] { new Uri("http://127.0.0.1:2379"), new Uri("http://192.0.2.1:2379") };
        await using var node = new EtcdNode(
            server,
            "one",
            "192.168.0.1",
            options => options with { Endpoints = [.. endpoints], Username = "root", Password = "hunter2" }
        );
        await node.Until(now =>
            now.SourceError == "etcd: the password is not sent to http://192.0.2.1:2379: anyone on the path could read it"
        );
        Assert.DoesNotContain(
            "hunter2",
            new Plugboard.Coordinator.Sources.Etcd.EtcdOptions { NodeName = "n", Password = "hunter2" }.ToString(),
            StringComparison.Ordinal
        );
    }
}
