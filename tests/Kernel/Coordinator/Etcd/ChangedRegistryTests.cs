using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Etcd;

/// <summary>What another process does to the keys, watched or not, and what a restored etcd has.</summary>
public sealed class ChangedRegistryTests : IDisposable
{
    private const string Config = "/coreos.com/network/config";
    private const string Leases = "/coreos.com/network/subnets/";
    private const string HostGw = """{"Network":"10.5.0.0/16","Backend":{"Type":"host-gw"}}""";
    private const string OwnValue = """{"PublicIP":"192.168.0.1","PublicIPv6":null,"BackendType":"host-gw"}""";
    private const string OtherValue = """{"PublicIP":"192.168.0.9","PublicIPv6":null,"BackendType":"host-gw"}""";

    private readonly EtcdServer server = new();

    public void Dispose() => server.Dispose();

    private void Start(string config = HostGw)
    {
        server.Start();
        server.Ctl("put", Config, config);
    }

    private string[] Keys() => server.Ctl("get", Leases, "--prefix", "--keys-only").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private string ValueOf(string key) => server.Ctl("get", Leases + key, "--print-value-only");

    private string LeaseOf(string key)
    {
        var json = server.Ctl("get", Leases + key, "-w", "json");
        var at = json.IndexOf("\"lease\":", StringComparison.Ordinal);
        return at < 0 ? "" : json[(at + 8)..json.IndexOf('}', at)];
    }

    private static string KeyOf(EtcdNode node) => node.Subnets.Replace('/', '-');

    private static async Task Until(Func<bool> holds, string what)
    {
        for (var i = 0; i < 200 && !holds(); i++)
            await Task.Delay(50);
        Assert.True(holds(), what);
    }

    [KernelFact]
    public async Task A_lease_that_was_given_to_another_node_while_etcd_was_away_is_dropped()
    {
        Start();
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.UntilLeased();
        var (key, subnets) = (KeyOf(node), node.Subnets);

        server.WhileAway(() => server.Ctl("put", Leases + key, OtherValue));

        await node.Until(_ => node.Subnets != subnets && node.Peers == key);
        Assert.Contains($"the lease {key} was given to 192.168.0.9: another is acquired, this one if it is free", node.Log);
        Assert.Equal((2, OtherValue, OwnValue), (Keys().Length, ValueOf(key), ValueOf(KeyOf(node))));
    }

    [KernelTheory]
    [InlineData("""{"PublicIP":"192.168.0.1","BackendType":"vxlan"}""")]
    [InlineData("{\"PublicIP\":")]
    public async Task This_node_s_lease_that_was_changed_while_etcd_was_away_is_written_again(string value)
    {
        Start();
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.UntilLeased();
        var key = KeyOf(node);

        server.WhileAway(() => server.Ctl("put", Leases + key, value));

        await Until(() => ValueOf(key) == OwnValue, "the value stays");
        Assert.Equal(key, KeyOf(node));
    }

    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lease_that_another_process_gives_a_shorter_time_is_renewed(bool isAway)
    {
        Start();
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.UntilLeased();
        var key = KeyOf(node);
        var shorter = "";

        if (isAway)
            server.WhileAway(Shorten);
        else
            Shorten();

        await Until(() => LeaseOf(key) != shorter, "its lease would end");
        Assert.DoesNotContain(node.Log, line => line.Contains("another is acquired", StringComparison.Ordinal));

        void Shorten()
        {
            var id = server.Ctl("lease", "grant", "8").Split(' ')[1];
            shorter = Convert.ToInt64(id, 16).ToString(System.Globalization.CultureInfo.InvariantCulture);
            server.Ctl("put", "--lease", id, Leases + key, OwnValue);
        }
    }

    [KernelFact]
    public async Task Two_machines_with_one_address_do_not_write_without_end()
    {
        Start();
        await using var one = new EtcdNode(server, "one", "192.168.0.1");
        await one.UntilLeased();
        await using var two = new EtcdNode(server, "two", "192.168.0.1");
        await two.UntilLeased();
        two.Advertise("vxlan", new VtepData(1, MacAddress.Parse("c6:d7:0e:51:7a:bd")));
        await Until(
            () => one.Log.Any(line => line.StartsWith("another process wrote this node's lease", StringComparison.Ordinal)),
            "silent"
        );

        await Task.Delay(TimeSpan.FromSeconds(3));

        var json = server.Ctl("get", Leases + KeyOf(one), "-w", "json");
        var at = json.IndexOf("\"version\":", StringComparison.Ordinal) + "\"version\":".Length;
        Assert.InRange(int.Parse(json[at..json.IndexOf(',', at)], System.Globalization.CultureInfo.InvariantCulture), 3, 30);
    }

    [KernelFact]
    public async Task Nodes_that_a_restored_etcd_does_not_have_stay_until_they_return_or_another_has_their_network()
    {
        Start();
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.UntilLeased();
        var subnets = node.Subnets;
        server.Save();
        // Networks that no node takes by itself: it takes one of the first hundred.
        foreach (var i in (int[])[207, 208, 209])
            server.Ctl("put", $"{Leases}10.5.{i}.0-25", OtherValue.Replace("0.9", $"0.{i}", StringComparison.Ordinal));
        await node.Until(_ => node.Peers == "10.5.207.0-25 10.5.208.0-25 10.5.209.0-25");

        server.Restore();
        await node.Until(_ => node.Log.Any(line => line.StartsWith("etcd was restored from an older state, ", StringComparison.Ordinal)));
        server.Ctl("put", $"{Leases}10.5.208.0-24", OtherValue);
        await node.Until(_ => node.Peers == "10.5.207.0-25 10.5.208.0-24 10.5.209.0-25");
        server.Ctl("put", $"{Leases}10.5.207.0-25", OtherValue);
        server.Ctl("del", $"{Leases}10.5.207.0-25");
        await node.Until(_ => node.Peers == "10.5.208.0-24 10.5.209.0-25");

        // What is read again is no news.
        server.Stop();
        server.Start();
        server.Ctl("put", $"{Leases}10.5.206.0-24", OtherValue);
        await node.Until(_ => node.Peers == "10.5.206.0-24 10.5.208.0-24 10.5.209.0-25");
        Assert.Equal(subnets, node.Subnets);
    }

    [KernelFact]
    public async Task Of_an_etcd_that_is_emptied_at_once_no_node_is_gone()
    {
        Start();
        server.Ctl("put", $"{Leases}10.5.209.0-24", OtherValue);
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.UntilLeased();
        var subnets = node.Subnets;

        server.Ctl("del", "/coreos.com", "--prefix");
        await node.Until(_ => Keys().Length == 1);
        Assert.Equal(("10.5.209.0-24", subnets), (node.Peers, node.Subnets));

        server.Ctl("put", Config, HostGw);
        server.Ctl("put", $"{Leases}10.5.209.0-24", OtherValue);
        server.Ctl("del", $"{Leases}10.5.209.0-24");
        await node.Until(_ => node.Peers.Length == 0);
    }

    [KernelFact]
    public async Task A_look_says_why_no_lease_could_be_acquired()
    {
        Start("""{"Network":"10.5.0.0/28","SubnetLen":30,"Backend":{"Type":"host-gw"}}""");
        foreach (var i in (int[])[4, 8, 12])
            server.Ctl("put", $"{Leases}10.5.0.{i}-30", OtherValue);
        await using var node = new EtcdNode(server, "one", "", recognised: "192.168.0.1");
        await node.Until(now =>
            now.PublishError == "this node has no lease in etcd, and coordinator run cannot acquire one: no network of 10.5.0.0/28 is free"
        );
    }

    [KernelFact]
    public async Task A_missing_node_ends_with_the_time_that_its_lease_had()
    {
        Start();
        await using var node = new EtcdNode(
            server,
            "one",
            "192.168.0.1",
            options => options with { LeaseTime = TimeSpan.FromSeconds(8), AuditInterval = TimeSpan.FromSeconds(1) }
        );
        await node.UntilLeased();
        server.Save();
        server.Ctl("put", $"{Leases}10.5.9.0-24", OtherValue);
        await node.Until(_ => node.Peers == "10.5.9.0-24");

        server.Restore();
        await node.Until(_ => node.Log.Any(line => line.StartsWith("etcd was restored from an older state, ", StringComparison.Ordinal)));
        Assert.Equal("10.5.9.0-24", node.Peers);
        await node.Until(_ => node.Peers.Length == 0);
    }

    [KernelFact]
    public async Task This_node_s_lease_under_a_key_that_is_spelt_in_another_way_is_kept_under_it()
    {
        Start();
        server.Ctl("put", Leases + "10.5.6.0-024", """{"publicip":"192.168.0.1"}""");
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.UntilLeased();
        Assert.Equal("10.5.6.0/24", node.Subnets);
        Assert.Equal([Leases + "10.5.6.0-024"], Keys());
        Assert.Equal(OwnValue, ValueOf("10.5.6.0-024"));
    }

    [KernelFact]
    public async Task A_user_that_may_not_write_leaves_no_lease_of_etcd_s_behind()
    {
        using var secured = new EtcdServer(client: ["--user", "root:secret"]);
        secured.Start();
        secured.Ctl("put", Config, HostGw);
        secured.Ctl("user", "add", "root:secret");
        secured.Ctl("user", "grant-role", "root", "root");
        secured.Ctl("role", "add", "reader");
        secured.Ctl("role", "grant-permission", "reader", "read", "/coreos.com/network/", "--prefix");
        secured.Ctl("user", "add", "reader:secret");
        secured.Ctl("user", "grant-role", "reader", "reader");
        secured.Ctl("auth", "enable");
        await using var node = new EtcdNode(
            secured,
            "one",
            "192.168.0.1",
            options => options with { Username = "reader", Password = "secret" }
        );

        await node.Until(now => now.PublishError?.Contains("permission denied", StringComparison.Ordinal) ?? false);

        // A further attempt may just have been granted one.
        await Until(() => secured.Ctl("lease", "list") == "found 0 leases", "a lease stays");
    }

    [KernelFact]
    public async Task A_lease_that_the_changed_configuration_no_longer_has_stays_and_is_named()
    {
        Start();
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.UntilLeased();
        var (key, subnets) = (KeyOf(node), node.Subnets);

        server.Ctl("put", Config, HostGw.Replace("\"Backend", "\"SubnetLen\":25,\"Backend", StringComparison.Ordinal));

        await Until(
            () => node.Log.Any(line => line.StartsWith($"this node's lease {key} does not fit", StringComparison.Ordinal)),
            "silent"
        );
        Assert.Equal((subnets, 1), (node.Subnets, Keys().Length));
    }

    [KernelFact]
    public async Task A_node_takes_no_network_that_holds_a_node_s_own_address()
    {
        Start("""{"Network":"192.168.0.0/22","SubnetLen":24,"Backend":{"Type":"host-gw"}}""");
        server.Ctl("put", $"{Leases}10.9.9.0-24", OtherValue.Replace("0.9", "2.9", StringComparison.Ordinal));
        await using var node = new EtcdNode(server, "one", "192.168.1.1");
        await node.UntilLeased();
        Assert.Equal("192.168.3.0/24", node.Subnets);
    }

    [KernelFact]
    public async Task Of_a_released_lease_no_network_stays()
    {
        Start();
        server.Ctl("put", $"{Leases}10.5.6.0-24&fd00::-64", """{"PublicIP":"192.168.0.1","PublicIPv6":"fd01::1"}""");
        await using var node = new EtcdNode(server, "one", "192.168.0.1", expected: "192.168.0.1");
        await node.Until(_ => Keys() is [var key] && !key.Contains('&', StringComparison.Ordinal));
        await node.Until(now => now.Nodes["one"].PodCidrs.All(static cidr => !cidr.Is6));
        Assert.DoesNotContain(node.Store.Current.Nodes["one"].Notes, note => note.Contains("pod network", StringComparison.Ordinal));
    }

    [KernelTheory]
    [InlineData("/coreos.com/network")]
    [InlineData("coreos.com/network/config")]
    [InlineData("/coreos.com/network/Config")]
    [InlineData("/coreos.com/network/config ")]
    public async Task A_configuration_under_another_key_is_named(string key)
    {
        server.Start();
        server.Ctl("put", key, HostGw);
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.Until(now =>
            now.SourceError
            == $"etcd: etcd has no key {Config}: flannel's net-conf.json belongs there; it has a key \"{key}\": correct that key, or "
                + "--etcd-prefix"
        );
    }
}
