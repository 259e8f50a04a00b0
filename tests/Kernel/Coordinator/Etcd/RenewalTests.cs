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

    // CLOCK_BOOTTIME goes on while the machine sleeps, a timer does not.
    [KernelFact]
    public async Task It_is_renewed_soon_after_the_machine_has_slept_until_it_was_due()
    {
        using var server = new EtcdServer();
        server.Start();
        server.Ctl("put", Config, HostGw);
        var time = new SleepingTime();
        await using var node = new EtcdNode(
            server,
            "one",
            "192.168.0.1",
            static options => options with { LeaseTime = TimeSpan.FromHours(5), RenewMargin = TimeSpan.FromHours(1) },
            time: time
        );
        await node.UntilLeased();
        var lease = server.Ctl("lease", "list").Split('\n')[1].Trim();
        await Task.Delay(longerThanALease);
        Assert.InRange(Remaining(server, lease), 1, 5 * 3600 - 5);
        time.Sleep(TimeSpan.FromHours(4.5));
        for (var i = 0; i < 30 && Remaining(server, lease) <= 5 * 3600 - 5; i++)
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        Assert.InRange(Remaining(server, lease), 5 * 3600 - 4, 5 * 3600);
    }

    private static int Remaining(EtcdServer server, string lease) =>
        int.Parse(
            server.Ctl("lease", "timetolive", lease).Split("remaining(")[1].Split('s')[0],
            System.Globalization.CultureInfo.InvariantCulture
        );

    // Without the answer's header, which has the revision of all keys.
    private static string FieldsOf(string answer) => answer[answer.IndexOf("\"Key\"", StringComparison.Ordinal)..];

    // Timers are fifty times as fast, which a test can wait for.
    private sealed class SleepingTime : TimeProvider
    {
        private const int Times = 50;
        private long slept;

        public void Sleep(TimeSpan time) => Interlocked.Add(ref slept, (long)(time.TotalSeconds * TimestampFrequency));

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref slept);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(
                callback,
                state,
                dueTime < TimeSpan.Zero ? dueTime : dueTime / Times,
                period < TimeSpan.Zero ? period : period / Times
            );
    }
}
