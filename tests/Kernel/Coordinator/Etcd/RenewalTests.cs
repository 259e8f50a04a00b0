using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Etcd;

/// <summary>A node's lease in etcd does not end while the coordinator runs.</summary>
public sealed class RenewalTests
{
    private const string Config = "/coreos.com/network/config";
    private const string Leases = "/coreos.com/network/subnets/";
    private const string HostGw = """{"Network":"10.5.0.0/16","Backend":{"Type":"host-gw"}}""";

    // etcd's own second of slack with it.
    private static readonly TimeSpan longerThanALease = TimeSpan.FromSeconds(6);

    private static EtcdNode Node(EtcdServer server) =>
        new(
            server,
            "one",
            "192.168.0.1",
            options => options with { LeaseTime = TimeSpan.FromSeconds(4), RenewMargin = TimeSpan.FromSeconds(3) }
        );

    // With its revision and its lease.
    private static string KeyIn(EtcdServer server) => server.Ctl("get", Leases, "--prefix", "-w", "fields");

    [KernelFact]
    public async Task It_is_renewed_before_it_ends_and_no_other_node_hears_of_it()
    {
        using var server = new EtcdServer();
        server.Start();
        server.Ctl("put", Config, HostGw);
        await using var node = Node(server);
        await node.UntilLeased();
        var before = KeyIn(server);

        await Task.Delay(longerThanALease);

        Assert.Contains("\"ModRevision\"", before, StringComparison.Ordinal);
        Assert.Equal(FieldsOf(before), FieldsOf(KeyIn(server)));
        Assert.Equal("found 1 leases", server.Ctl("lease", "list").Split('\n')[0]);
        Assert.DoesNotContain(node.Log, static line => line.Contains("another is acquired", StringComparison.Ordinal));
    }

    [KernelFact]
    public async Task An_etcd_whose_space_is_used_up_renews_it_too()
    {
        using var server = new EtcdServer(arguments: ["--quota-backend-bytes", "200000"]);
        server.Start();
        server.Ctl("put", Config, HostGw);
        await using var node = Node(server);
        await node.UntilLeased();
        var before = KeyIn(server);
        var isFull = false;
        for (var i = 0; i < 100 && !isFull; i++)
            isFull = server.TryCtl("put", $"fill{i}", new string('x', 20_000)).ExitCode != 0;
        Assert.True(isFull, "the space is not used up");

        await Task.Delay(longerThanALease);

        Assert.Equal(FieldsOf(before), FieldsOf(KeyIn(server)));
        Assert.Null(node.Store.Current.PublishError);
    }

    // Without the answer's header, which has the revision of all keys.
    private static string FieldsOf(string answer) => answer[answer.IndexOf("\"Key\"", StringComparison.Ordinal)..];
}
