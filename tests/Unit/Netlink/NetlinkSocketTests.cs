using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Uapi;
using Plugboard.Netlink.Uapi;
using static Plugboard.Tests.Unit.Netlink.ScriptedKernel;

namespace Plugboard.Tests.Unit.Netlink;

public sealed class NetlinkSocketTests
{
    private readonly ScriptedKernel kernel = new();

    private static byte[] LinkMessage(uint sequence, int index, ushort flags = NetlinkH.NLM_F_MULTI) =>
        Message(
            RtnetlinkH.RTM_NEWLINK,
            sequence,
            flags,
            writer =>
            {
                writer.WriteStruct(new IfInfoMsg { ifi_index = index });
                writer.WriteString(IfLinkH.IFLA_IFNAME, $"link{index}");
            }
        );

    [Fact]
    public void A_dump_is_gathered_over_several_datagrams()
    {
        kernel.Answer(s =>
            [
                [.. LinkMessage(s, 1), .. LinkMessage(s, 2)],
                LinkMessage(s, 3),
                Done(s),
            ]
        );
        Assert.Equal([1, 2, 3], kernel.Client().Links.List().Select(l => l.Index));
    }

    [Fact]
    public void A_dump_that_a_change_interrupted_is_asked_again()
    {
        kernel.Answer(s => [LinkMessage(s, 1), LinkMessage(s, 2, NetlinkH.NLM_F_MULTI | NetlinkH.NLM_F_DUMP_INTR), Done(s)]);
        kernel.Answer(s => [LinkMessage(s, 1), Done(s, flags: NetlinkH.NLM_F_DUMP_INTR)]);
        kernel.Answer(s => [LinkMessage(s, 5), Done(s)]);
        Assert.Equal([5], kernel.Client().Links.List().Select(l => l.Index));
        Assert.Equal(3, kernel.Sent.Count);
    }

    [Fact]
    public void A_dump_that_is_interrupted_again_and_again_is_EINTR()
    {
        for (var i = 0; i < 100; i++)
            kernel.Answer(s => [LinkMessage(s, 1), Done(s, flags: NetlinkH.NLM_F_DUMP_INTR)]);
        var e = Assert.Throws<NetlinkException>(() => kernel.Client().Links.List());
        Assert.Equal(
            (Errno.EINTR, "RTM_GETLINK links: interrupted system call (EINTR): the table changed during each of 100 dumps"),
            (e.Errno, e.Message)
        );
    }

    [Fact]
    public void An_error_at_a_dumps_end_is_thrown_with_its_sentence()
    {
        kernel.Answer(s => [LinkMessage(s, 1), Done(s, Errno.EMSGSIZE, message: "No room")]);
        var e = Assert.Throws<NetlinkException>(() => kernel.Client().Links.List());
        Assert.Equal((Errno.EMSGSIZE, "No room"), (e.Errno, e.KernelMessage));
    }

    [Fact]
    public void What_answers_an_older_request_is_passed_over()
    {
        kernel.Answer(s => [Ack(s - 1, Errno.EINVAL), LinkMessage(s - 1, 9), Ack(s, Errno.None)]);
        Assert.True(kernel.Client().Links.Delete(3));
    }

    [Fact]
    public void The_exception_says_call_subject_error_sentence_and_attribute()
    {
        // nlmsghdr 16, ifinfomsg 16, IFLA_IFNAME 8, then IFLA_LINKINFO with IFLA_INFO_KIND inside.
        kernel.Answer(s => [Ack(s, Errno.EOPNOTSUPP, "Unknown device type", 44)]);
        var e = Assert.Throws<NetlinkException>(() => kernel.Client().Links.Add(new DummySpec { Name = "d0" }));
        Assert.Equal(
            "RTM_NEWLINK d0: operation not supported (EOPNOTSUPP): Unknown device type (at IFLA_LINKINFO/IFLA_INFO_KIND)",
            e.Message
        );
        Assert.Equal(("RTM_NEWLINK", "d0", Errno.EOPNOTSUPP), (e.Call, e.Subject, e.Errno));
        Assert.Equal(("Unknown device type", "IFLA_LINKINFO/IFLA_INFO_KIND"), (e.KernelMessage, e.Attribute));
    }

    [Fact]
    public void An_acknowledgement_that_quotes_the_whole_request_is_read_too()
    {
        kernel.Answer(s =>
            [
                Message(
                    NetlinkH.NLMSG_ERROR,
                    s,
                    NetlinkH.NLM_F_ACK_TLVS,
                    writer =>
                    {
                        writer.WriteStruct(-(int)Errno.EPERM);
                        writer.WriteStruct(new NlMsgHdr { nlmsg_len = 24 });
                        writer.WriteStruct(0UL);
                        writer.WriteString(NetlinkH.NLMSGERR_ATTR_MSG, "not you");
                    }
                ),
            ]
        );
        Assert.Equal("not you", Assert.Throws<NetlinkException>(() => kernel.Client().Links.Delete(3)).KernelMessage);
    }

    [Fact]
    public void ENODEV_is_null_for_Find_and_false_for_Delete()
    {
        kernel.Answer(s => [Ack(s, Errno.ENODEV)]).Answer(s => [Ack(s, Errno.ENODEV)]);
        using var client = kernel.Client();
        Assert.Null(client.Links.Find("x"));
        Assert.False(client.Links.Delete(3));
    }

    [Fact]
    public void Another_error_of_Find_is_thrown()
    {
        kernel.Answer(s => [Ack(s, Errno.EPERM)]);
        Assert.Equal(Errno.EPERM, Assert.Throws<NetlinkException>(() => kernel.Client().Links.Find("x")).Errno);
    }

    [Fact]
    public void Every_request_has_a_number_of_its_own()
    {
        kernel.Acknowledge().Acknowledge();
        using var client = kernel.Client();
        client.Links.Delete(1);
        client.Addresses.Delete(1, IPPrefix.Parse("10.0.0.1/8"));
        Assert.Equal([1, 2], kernel.Sent.Select(m => m[8]));
    }

    [Fact]
    public void A_kernel_that_ignores_the_filter_is_filtered_here()
    {
        kernel.Answer(s => [Address(s, 1), Address(s, 2), Done(s)]);
        Assert.Equal(2, Assert.Single(kernel.Client().Addresses.List(2)).LinkIndex);

        static byte[] Address(uint sequence, uint index) =>
            Message(
                RtnetlinkH.RTM_NEWADDR,
                sequence,
                NetlinkH.NLM_F_MULTI,
                writer =>
                {
                    writer.WriteStruct(
                        new IfAddrMsg
                        {
                            ifa_family = SocketH.AF_INET,
                            ifa_prefixlen = 8,
                            ifa_index = index,
                        }
                    );
                    writer.WriteAddress(IfAddrH.IFA_LOCAL, IPAddr.Parse("10.0.0.1"));
                }
            );
    }
}
