using Plugboard.Linux.Names;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Linux.Names;

/// <summary>Which name servers are asked, in what order and for how long.</summary>
public sealed class ResolverTests : IDisposable
{
    private static readonly TimeSpan longest = TimeSpan.FromSeconds(8);

    private readonly NameServers servers = new();

    public void Dispose() => servers.Dispose();

    private NameLookup Resolve(string name, string config, TimeSpan? limit = null) =>
        servers.Run(() => new Resolver(ResolverConfig.Parse(config), limit ?? longest).Resolve(name));

    private static string Of(params string[] last) => string.Concat(last.Select(static number => $"nameserver 127.0.0.{number}\n"));

    [KernelTheory]
    [InlineData(1, "FORMERR")]
    [InlineData(2, "SERVFAIL")]
    [InlineData(4, "NOTIMP")]
    [InlineData(5, "REFUSED")]
    public void The_second_server_is_asked_where_the_first_one_cannot_say(int code, string word)
    {
        servers.Add("2", question => [question.Reply(code)]);
        servers.Add("3", static question => question.Known("192.0.2.9", "2001:db8::9"));
        Assert.Equal(
            ["192.0.2.9", "2001:db8::9"],
            Resolve("etcd.example", Of("2", "3")).Addresses.Select(static address => address.ToString())
        );
        Assert.Equal(["2 A", "2 AAAA", "3 A", "3 AAAA"], servers.Asked);

        Assert.Equal($"no name server could say: 127.0.0.2: {word}", Resolve("etcd.example", Of("2")).Failure);
    }

    [KernelFact]
    public void The_second_server_is_asked_at_once_where_nothing_listens_and_after_a_while_where_no_server_answers()
    {
        servers.Add("3", static _ => []);
        servers.Add("4", static question => question.Known("192.0.2.9"));
        Assert.Equal("192.0.2.9", Resolve("etcd", Of("2", "3", "4") + "options timeout:2").Addresses.Single().ToString());
        Assert.Equal(["3 A", "3 AAAA", "4 A", "4 AAAA"], servers.Asked);
    }

    [KernelFact]
    public void What_is_no_answer_to_the_question_is_passed_over()
    {
        servers.Add(
            "2",
            static question =>
                [
                    [],
                    [1, 2, 3],
                    new NameServers.Question([99, 99, .. question.Bytes.AsSpan(2)]).Reply(addresses: "203.0.113.1"),
                    new NameServers.Question([
                        .. question.Bytes.AsSpan(0, 12),
                        1,
                        (byte)'x',
                        0,
                        .. question.Bytes.AsSpan(question.Bytes.Length - 4),
                    ]).Reply(addresses: "203.0.113.1"),
                    .. question.Known("192.0.2.9"),
                ]
        );
        Assert.Equal("192.0.2.9", Resolve("etcd", Of("2")).Addresses.Single().ToString());
    }

    [KernelFact]
    public void An_answer_that_does_not_fit_is_asked_for_by_TCP()
    {
        servers.Add("2", static question => [question.Reply(flags: 0x83)]);
        servers.AddTcp(
            "2",
            static question => question.Type == "A" ? question.Reply(addresses: ["192.0.2.1", "192.0.2.2"]) : question.Reply()
        );
        Assert.Equal(2, Resolve("etcd", Of("2")).Addresses.Count);
        Assert.Equal(["2 A", "2 A tcp", "2 AAAA", "2 AAAA tcp"], servers.Asked.Order());
    }

    [KernelFact]
    public void Where_there_is_no_TCP_what_fitted_is_taken_and_the_next_server_is_asked_where_nothing_did()
    {
        servers.Add(
            "2",
            static question => [question.Type == "A" ? question.Reply(flags: 0x83, addresses: "192.0.2.1") : question.Reply()]
        );
        servers.Add("3", static question => [question.Reply(flags: 0x83)]);
        servers.Add("4", static question => question.Known("192.0.2.9"));
        Assert.Equal("192.0.2.1", Resolve("etcd", Of("2")).Addresses.Single().ToString());
        Assert.Equal("192.0.2.9", Resolve("etcd", Of("3", "4")).Addresses.Single().ToString());
        Assert.Equal(
            "no name server could say: 127.0.0.3: the answer does not fit into a datagram, and TCP gives no answer",
            Resolve("etcd", Of("3")).Failure
        );
    }

    [KernelFact]
    public void Only_TCP_is_used_where_the_options_say_so()
    {
        servers.AddTcp("2", static question => question.Type == "A" ? question.Reply(addresses: "192.0.2.1") : null);
        servers.AddTcp("3", static question => question.Reply());
        Assert.Equal("192.0.2.1", Resolve("etcd", Of("2", "3") + "options use-vc").Addresses.Single().ToString());
    }

    [KernelFact]
    public void A_family_that_the_first_server_cannot_say_is_asked_of_the_second()
    {
        servers.Add("2", static question => [question.Type == "A" ? question.Reply(addresses: "192.0.2.9") : question.Reply(2)]);
        servers.Add("3", static question => question.Known("203.0.113.1", "2001:db8::9"));
        Assert.Equal(["192.0.2.9", "2001:db8::9"], Resolve("etcd", Of("2", "3")).Addresses.Select(static address => address.ToString()));
        Assert.Equal(["2 A", "2 AAAA", "3 AAAA"], servers.Asked);
    }

    [KernelFact]
    public void A_question_for_IPv6_that_is_lost_costs_half_a_second()
    {
        servers.Add("2", static question => question.Type == "A" ? question.Known("192.0.2.9") : []);
        Timing.Within(
            TimeSpan.FromSeconds(4.5),
            () =>
            {
                var began = TimeProvider.System.GetTimestamp();
                Assert.Equal("192.0.2.9", Resolve("etcd", Of("2") + "options timeout:5").Addresses.Single().ToString());
                var taken = TimeProvider.System.GetElapsedTime(began);
                Assert.True(taken > TimeSpan.FromSeconds(0.4), $"{taken}");
                return taken;
            }
        );
    }

    [KernelFact]
    public void The_search_list_is_gone_through_and_a_name_that_no_server_knows_is_reported_with_the_servers_that_said_so()
    {
        servers.Add(
            "2",
            static question => question.Bytes.AsSpan().IndexOf("example"u8) >= 0 ? question.Known("192.0.2.9") : [question.Reply(3)]
        );
        Assert.Equal("192.0.2.9", Resolve("etcd", Of("2") + "search a.org example").Addresses.Single().ToString());
        Assert.Equal(4, servers.Asked.Count);
        Assert.Equal("no such name, says 127.0.0.2", Resolve("nowhere.test", Of("2") + "search a.org b.org").Failure);
        Assert.Equal("invalid host name", Resolve("a..b", Of("2")).Failure);
    }

    [KernelFact]
    public void Servers_that_do_not_answer_do_not_cost_more_than_the_limit()
    {
        servers.Add("2", static _ => []);
        servers.Add("3", static _ => []);
        var began = TimeProvider.System.GetTimestamp();
        Assert.Equal(
            "no name server could say: 127.0.0.2: no answer",
            Resolve("etcd", Of("2", "3") + "search a b c\noptions timeout:5 attempts:5", TimeSpan.FromSeconds(0.3)).Failure
        );
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0.2, 4);
    }

    [KernelFact]
    public void One_question_at_a_time_is_asked_where_the_options_say_so()
    {
        var isBusy = false;
        servers.Add(
            "2",
            question =>
            {
                // As a firewall that knows one question per port.
                isBusy = question.Type == "A" || isBusy;
                return question.Known("192.0.2.9", "2001:db8::9");
            }
        );
        Assert.Equal(2, Resolve("etcd", Of("2") + "options single-request").Addresses.Count);
        Assert.Equal(["2 A", "2 AAAA"], servers.Asked);
        Assert.Equal("192.0.2.9", Resolve("etcd", Of("2") + "options no-aaaa").Addresses.Single().ToString());
    }

    [KernelFact]
    public void A_link_local_server_is_asked_over_its_link()
    {
        servers.Tool("ip link add eth0 type veth peer name eth1");
        servers.Tool("ip link set eth0 up");
        servers.Tool("ip link set eth1 up");
        servers.Tool("ip addr add fe80::53/64 dev eth0 nodad");
        var scope = servers.Run(static () => NameServer.Parse("fe80::53%eth0")!.Value.Scope);
        servers.Add($"fe80::53%{scope}", static question => question.Known("192.0.2.9"));
        Assert.Equal("192.0.2.9", Resolve("etcd", "nameserver fe80::53%eth0\n").Addresses.Single().ToString());
    }
}
