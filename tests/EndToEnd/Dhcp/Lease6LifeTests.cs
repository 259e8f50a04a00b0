using Plugboard.Dhcp.Wire;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Dhcp;

/// <summary>The life of a lease by DHCPv6, with leases of seconds, beside servers that lie, refuse, delay and fall silent.</summary>
public sealed class Lease6LifeTests
{
    [KernelFact]
    public void A_lease_is_renewed_checked_and_released_and_the_result_has_the_address_alone()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = new ScriptedServer6(dhcp.Server, static message => Dhcp6Network.Serve(message));
        using var daemon = dhcp.StartDaemon();
        var pod = Dhcp6Network.AddPod(dhcp);
        var config = Dhcp6Network.Macvlan();
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        Assert.Equal("fd00:50::77/128", Dhcp6Network.AddressesOf(pod));
        Assert.Null(pod.Result!["routes"]?.AsArray().FirstOrDefault());
        Assert.Contains("fd00:50::77/128", Dhcp6Network.On(pod), StringComparison.Ordinal);
        Eventually.True(() => server.Words.StartsWith("Solicit Request Renew Renew", StringComparison.Ordinal), () => server.Words);
        dhcp.Node.Call("CHECK", pod, config).Succeeded();
        dhcp.Node.Call("DEL", pod, config).Succeeded();
        Eventually.True(() => server.Words.EndsWith("Release", StringComparison.Ordinal), () => server.Words);
        Assert.Empty(dhcp.LeaseFiles);
        // One client, in every message.
        Assert.All(server.Messages, message => Assert.Equal(server.Messages[0].Client, message.Client));
        dhcp.Node.Call("DEL", pod, config).Succeeded();
    }

    [KernelFact]
    public void A_lease_that_no_server_extends_is_asked_of_all_then_removed_and_another_put_in_its_place()
    {
        var address = Dhcp6Network.Address;
        using var dhcp = Dhcp6Network.Open();
        using var server = new ScriptedServer6(
            dhcp.Server,
            message => message.Type is Dhcp6Type.Renew or Dhcp6Type.Rebind ? [] : Dhcp6Network.Serve(message, address)
        );
        using var daemon = dhcp.StartDaemon();
        var pod = Dhcp6Network.AddPod(dhcp);
        dhcp.Node.Call("ADD", pod, Dhcp6Network.Macvlan()).Succeeded();
        address = "fd00:50::78";
        Eventually.True(
            () => Dhcp6Network.On(pod).Contains("fd00:50::78/128", StringComparison.Ordinal),
            () => $"{server.Words}{daemon.Output}"
        );
        Assert.StartsWith("Solicit Request Renew Rebind Solicit Request", server.Words, StringComparison.Ordinal);
        Assert.DoesNotContain("fd00:50::77", Dhcp6Network.On(pod), StringComparison.Ordinal);
        var check = dhcp.Node.Call("CHECK", pod, Dhcp6Network.Macvlan());
        Assert.Equal(100, check.Code);
        Assert.Contains("fd00:50::78", check.Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_server_that_forgot_the_lease_is_asked_for_the_address_again()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = new ScriptedServer6(
            dhcp.Server,
            static message =>
                message.Type == Dhcp6Type.Renew
                    ? [ScriptedServer6.Refuse(message, Dhcp6Type.Reply, Dhcp6Status.NoBinding)]
                    : Dhcp6Network.Serve(message)
        );
        using var daemon = dhcp.StartDaemon();
        var pod = Dhcp6Network.AddPod(dhcp);
        dhcp.Node.Call("ADD", pod, Dhcp6Network.Macvlan()).Succeeded();
        Eventually.True(() => server.Words.StartsWith("Solicit Request Renew Request Renew", StringComparison.Ordinal), () => server.Words);
        Assert.Contains("fd00:50::77/128", Dhcp6Network.On(pod), StringComparison.Ordinal);
        dhcp.Node.Call("CHECK", pod, Dhcp6Network.Macvlan()).Succeeded();
    }

    [KernelFact]
    public void The_server_of_the_higher_preference_is_taken()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = new ScriptedServer6(
            dhcp.Server,
            static message =>
                message.Type == Dhcp6Type.Solicit
                    ?
                    [
                        ScriptedServer6.Answer(message, Dhcp6Type.Advertise, "fd00:50::1:1", Dhcp6Network.Short),
                        ScriptedServer6.By(
                            ScriptedServer6.Second,
                            ScriptedServer6.Answer(
                                message,
                                Dhcp6Type.Advertise,
                                "fd00:50::2:2",
                                Dhcp6Network.Short,
                                (Dhcp6Option.Preference, [7])
                            )
                        ),
                    ]
                    :
                    [
                        ScriptedServer6.By(
                            message.Server!,
                            ScriptedServer6.Answer(message, Dhcp6Type.Reply, "fd00:50::2:2", (0, 0, 60, 60))
                        ),
                    ]
        );
        using var daemon = dhcp.StartDaemon();
        var pod = Dhcp6Network.AddPod(dhcp);
        dhcp.Node.Call("ADD", pod, Dhcp6Network.Macvlan()).Succeeded();
        Assert.Equal("fd00:50::2:2/128", Dhcp6Network.AddressesOf(pod));
        Assert.Equal("Solicit Request", server.Words);
        Assert.Equal(ScriptedServer6.Second, server.Messages[1].Server!);
    }

    [KernelFact]
    public void Answers_to_others_with_wrong_identifiers_or_that_are_cut_off_do_not_end_ADD()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = new ScriptedServer6(
            dhcp.Server,
            static message =>
            {
                var good = Dhcp6Network.Serve(message).First();
                return
                [
                    good with
                    {
                        Xid = good.Xid ^ 1,
                    },
                    good with
                    {
                        Options = [(Dhcp6Option.ClientIdentifier, [0, 4, 1]), .. good.Options.Skip(1)],
                    },
                    good with
                    {
                        Options = [good.Options[0], .. good.Options.Skip(2)],
                    },
                    good with
                    {
                        Options = [.. good.Options.Take(2), (Dhcp6Option.NonTemporary, [0, 0, 0])],
                    },
                    good with
                    {
                        Options = [.. good.Options, (4711, new byte[1000])],
                    },
                ];
            }
        );
        using var daemon = dhcp.StartDaemon();
        var pod = Dhcp6Network.AddPod(dhcp);
        dhcp.Node.Call("ADD", pod, Dhcp6Network.Macvlan()).Succeeded();
        Assert.Equal("Solicit Request", server.Words);
        Assert.Equal("fd00:50::77/128", Dhcp6Network.AddressesOf(pod));
    }

    [KernelTheory]
    [InlineData("refused", "NoAddrsAvail: no")]
    [InlineData("zero", "no address with a valid lifetime")]
    [InlineData("silent", "0 ADVERTISE received; no server has answered")]
    public void An_ADD_that_gets_no_address_says_why_and_leaves_nothing(string how, string expected)
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = new ScriptedServer6(
            dhcp.Server,
            message =>
                (how, message.Type) switch
                {
                    ("silent", _) => [],
                    ("refused", Dhcp6Type.Solicit) => [ScriptedServer6.Refuse(message, Dhcp6Type.Advertise, Dhcp6Status.NoAddrsAvail)],
                    (_, Dhcp6Type.Request) => [ScriptedServer6.Answer(message, Dhcp6Type.Reply, Dhcp6Network.Address, (0, 0, 0, 0))],
                    _ => Dhcp6Network.Serve(message),
                }
        );
        using var daemon = dhcp.StartDaemon(flags: ["-resendtimeout", "3s"]);
        var output = dhcp.Node.Call("ADD", Dhcp6Network.AddPod(dhcp), Dhcp6Network.Macvlan());
        Assert.Equal(11, output.Code);
        Assert.Equal("error calling DHCP.Allocate: no more tries", output.Message);
        Assert.Contains(expected, output.Details, StringComparison.Ordinal);
        Assert.Empty(dhcp.LeaseFiles);
    }

    [KernelFact]
    public void An_address_that_another_node_has_is_declined_before_it_is_used()
    {
        var declined = false;
        using var dhcp = Dhcp6Network.Open();
        dhcp.Server.Tool("ip addr add fd00:50::77/64 dev s0 nodad");
        using var server = new ScriptedServer6(
            dhcp.Server,
            message =>
            {
                declined |= message.Type == Dhcp6Type.Decline;
                return Dhcp6Network.Serve(message, declined ? "fd00:50::78" : Dhcp6Network.Address);
            }
        );
        using var daemon = dhcp.StartDaemon();
        var pod = Dhcp6Network.AddPod(dhcp);
        dhcp.Node.Call("ADD", pod, Dhcp6Network.Macvlan()).Succeeded();
        Assert.Equal("fd00:50::78/128", Dhcp6Network.AddressesOf(pod));
        Assert.Equal("Solicit Request Decline Solicit Request", server.Words);
    }

    // Without a probe of its own the daemon has the kernel's word, after ADD.
    [KernelFact]
    public void An_address_that_the_kernel_finds_at_another_node_is_declined_and_replaced()
    {
        var declined = false;
        using var dhcp = Dhcp6Network.Open();
        dhcp.Server.Tool("ip addr add fd00:50::77/64 dev s0 nodad");
        using var server = new ScriptedServer6(
            dhcp.Server,
            message =>
            {
                declined |= message.Type == Dhcp6Type.Decline;
                return Dhcp6Network.Serve(message, declined ? "fd00:50::78" : Dhcp6Network.Address);
            }
        );
        using var daemon = dhcp.StartDaemon(flags: ["-probe", "0"]);
        var pod = Dhcp6Network.AddPod(dhcp, detects: true);
        dhcp.Node.Call("ADD", pod, Dhcp6Network.Macvlan()).Succeeded();
        Eventually.True(
            () => Dhcp6Network.On(pod).Contains("fd00:50::78/128", StringComparison.Ordinal),
            () => $"{server.Words}{daemon.Output}{Dhcp6Network.On(pod)}"
        );
        Assert.DoesNotContain("fd00:50::77", Dhcp6Network.On(pod), StringComparison.Ordinal);
        Assert.Contains("dadfailed", daemon.Output, StringComparison.Ordinal);
    }
}
