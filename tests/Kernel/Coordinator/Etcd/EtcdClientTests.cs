using System.Net.Sockets;
using Plugboard.Coordinator.Sources.Etcd;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Etcd;

public sealed class EtcdClientTests
{
    private const string Config = "/coreos.com/network/config";
    private const string Network = """{"Network":"10.5.0.0/16","Backend":{"Type":"host-gw"}}""";

    [KernelFact]
    public async Task A_watch_of_what_was_compacted_says_so()
    {
        using var server = new EtcdServer();
        server.Start();
        using var client = EtcdClient.Open(new EtcdOptions { NodeName = "one", Endpoints = [server.Endpoint] }, server.Connections);
        var list = await client.ListAsync("/coreos.com/network/", default);
        foreach (var value in (ReadOnlySpan<string>)["a", "b", "c"])
            server.Ctl("put", Config, value);
        await using (var watch = client.WatchAsync("/coreos.com/network/", list.Revision + 1, default).GetAsyncEnumerator())
        {
            // The first message has no changes: it says that the watch is there.
            Assert.True(await watch.MoveNextAsync());
            Assert.True(await watch.MoveNextAsync());
            Assert.Equal("a", watch.Current.Entries[0].Value);
        }

        server.Ctl("compact", (list.Revision + 3).ToString());
        await Assert.ThrowsAsync<EtcdCompactedException>(async () =>
        {
            await foreach (var changes in client.WatchAsync("/coreos.com/network/", list.Revision + 1, default))
                Assert.Empty(changes.Entries);
        });
    }

    [KernelFact]
    public async Task A_change_on_a_condition_that_fails_changes_nothing()
    {
        using var server = new EtcdServer();
        server.Start();
        using var client = EtcdClient.Open(new EtcdOptions { NodeName = "one", Endpoints = [server.Endpoint] }, server.Connections);
        var put = new EtcdEntry("/s/10.0.0.0-24", "a", 0, 0);
        var (isDone, revision) = await client.TryAsync(new EtcdTransaction { AbsentPrefix = "/s/10.0.0.0-24", Put = put }, default);
        Assert.True(isDone);
        Assert.False(
            (
                await client.TryAsync(
                    new EtcdTransaction { AbsentPrefix = "/s/10.0.0.0-24", Put = put with { Key = "/s/10.0.0.0-24&fd00::-64" } },
                    default
                )
            ).IsDone
        );
        Assert.False(
            (
                await client.TryAsync(
                    new EtcdTransaction
                    {
                        NothingNewPrefix = "/s/",
                        NothingNewSince = revision - 1,
                        Put = put with { Key = "/s/b" },
                    },
                    default
                )
            ).IsDone
        );
        Assert.False(
            (
                await client.TryAsync(
                    new EtcdTransaction
                    {
                        UnchangedKey = put.Key,
                        UnchangedSince = revision - 1,
                        Put = put,
                    },
                    default
                )
            ).IsDone
        );
        Assert.False(
            (
                await client.TryAsync(
                    new EtcdTransaction
                    {
                        UnchangedKey = "/s/none",
                        UnchangedSince = revision,
                        Delete = put.Key,
                    },
                    default
                )
            ).IsDone
        );
        Assert.Equal(put with { ModRevision = revision }, Assert.Single((await client.ListAsync("/s/", default)).Entries));
        Assert.True(
            (
                await client.TryAsync(
                    new EtcdTransaction
                    {
                        UnchangedKey = put.Key,
                        UnchangedSince = revision,
                        Delete = put.Key,
                    },
                    default
                )
            ).IsDone
        );
        Assert.Empty((await client.ListAsync("/s/", default)).Entries);
    }

    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_refuses_or_does_not_answer_is_passed_over(bool isSilent)
    {
        using var server = new EtcdServer();
        server.Start();
        server.Ctl("put", Config, Network);
        using var listener = isSilent ? server.ListenSilently(1) : null;
        await using var node = new EtcdNode(
            server,
            "one",
            "192.168.0.1",
            options =>
                options with
                {
                    Endpoints = [new Uri("http://127.0.0.1:1"), new Uri("http://localhost:2379")],
                    RequestTime = TimeSpan.FromSeconds(2),
                }
        );
        await node.UntilLeased();
        Assert.Equal(isSilent, listener?.Poll(0, SelectMode.SelectRead) == true);
    }

    [KernelFact]
    public async Task A_user_has_a_password_and_an_expired_token_is_requested_again()
    {
        using var server = new EtcdServer(arguments: ["--auth-token-ttl", "2"], client: ["--user", "root:secret"]);
        server.Start();
        server.Ctl("user", "add", "root:secret");
        server.Ctl("user", "grant-role", "root", "root");
        server.Ctl("auth", "enable");
        server.Ctl("put", Config, Network);
        await using var stranger = new EtcdNode(server, "two", "192.168.0.2");
        await stranger.Until(now =>
            now.SourceError
            == "etcd: http://127.0.0.1:2379: etcdserver: user name is empty; it requires a login: --etcd-username and --etcd-password"
        );
        await using var liar = new EtcdNode(
            server,
            "three",
            "192.168.0.3",
            options => options with { Username = "root", Password = "wrong" }
        );
        await liar.Until(now =>
            now.SourceError == "etcd: http://127.0.0.1:2379: etcdserver: authentication failed, invalid user ID or password"
        );

        using var client = EtcdClient.Open(
            new EtcdOptions
            {
                NodeName = "one",
                Endpoints = [server.Endpoint],
                Username = "root",
                Password = "secret",
            },
            server.Connections
        );
        Assert.Equal(Network, Assert.Single((await client.ListAsync(Config, default)).Entries).Value);
        // Longer than an unused token lasts, and etcd's own second of slack.
        await Task.Delay(TimeSpan.FromSeconds(4));
        Assert.Single((await client.ListAsync(Config, default)).Entries);
        await using var node = new EtcdNode(
            server,
            "one",
            "192.168.0.1",
            options => options with { Username = "root", Password = "secret" }
        );
        await node.UntilLeased();
    }

    [KernelFact]
    public async Task An_etcd_that_is_started_again_is_logged_in_to_again_and_one_that_knows_no_users_needs_no_login()
    {
        using var server = new EtcdServer(client: ["--user", "root:secret"]);
        server.Start();
        var options = new EtcdOptions
        {
            NodeName = "one",
            Endpoints = [server.Endpoint],
            Username = "root",
            Password = "secret",
        };
        using var client = EtcdClient.Open(options, server.Connections);
        // As etcd's own client: a user does no harm without authentication.
        Assert.Empty((await client.ListAsync(Config, default)).Entries);
        server.Ctl("user", "add", "root:secret");
        server.Ctl("user", "grant-role", "root", "root");
        server.Ctl("auth", "enable");
        Assert.Empty((await client.ListAsync(Config, default)).Entries);
        server.Ctl("put", Config, Network);
        server.Stop();
        server.Start();
        Assert.Single((await client.ListAsync(Config, default)).Entries);
        server.Ctl("user", "add", "other:secret");
        // The users are others than when the token was given.
        Assert.Single((await client.ListAsync(Config, default)).Entries);
    }

    [KernelFact]
    public async Task A_server_at_an_IPv6_address_is_asked_and_of_several_that_fail_each_is_named()
    {
        using var server = new EtcdServer(host: "[::1]");
        server.Start();
        server.Ctl("put", Config, Network);
        using var client = EtcdClient.Open(
            new EtcdOptions { NodeName = "one", Endpoints = [new Uri("http://127.0.0.1:1"), server.Endpoint] },
            server.Connections
        );
        Assert.Single((await client.ListAsync(Config, default)).Entries);
        server.Stop();
        var failure = await Assert.ThrowsAsync<EtcdException>(() => client.ListAsync(Config, default));
        Assert.Equal("http://[::1]:2379: Connection refused; http://127.0.0.1:1: Connection refused", failure.Message);
    }
}
