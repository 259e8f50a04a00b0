using System.Runtime.InteropServices;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Uapi;
using static Plugboard.Tests.Unit.Netlink.ScriptedKernel;

namespace Plugboard.Tests.Unit.Netlink.RouteTests;

public sealed class RouteBatchTests
{
    private readonly ScriptedKernel kernel = new();
    private readonly RouteBatch batch = new();

    private void Fill(int count)
    {
        for (var i = 0; i < count; i++)
            batch.Delete(new FdbEntry(7, new MacAddress((ulong)i), IPAddr.Parse("10.0.0.1")));
    }

    private static List<NlMsgHdr> Headers(byte[] datagram)
    {
        var headers = new List<NlMsgHdr>();
        for (var at = 0; at < datagram.Length; at += (int)headers[^1].nlmsg_len)
            headers.Add(MemoryMarshal.Read<NlMsgHdr>(datagram.AsSpan(at)));
        return headers;
    }

    [Fact]
    public void Only_the_last_of_a_datagram_is_acknowledged()
    {
        Fill(310);
        for (var i = 0; i < 2; i++)
            kernel.Answer(s => [Ack(s + 149, Errno.None)]);
        kernel.Answer(s => [Ack(s + 9, Errno.None)]);
        Assert.Empty(kernel.Client().TryExecute(batch));
        var datagrams = kernel.Sent.ConvertAll(Headers);
        Assert.Equal([150, 150, 10], datagrams.Select(d => d.Count));
        Assert.All(datagrams, d => Assert.Equal(NetlinkH.NLM_F_ACK, d[^1].nlmsg_flags & NetlinkH.NLM_F_ACK));
        Assert.All(datagrams.SelectMany(d => d.SkipLast(1)), h => Assert.Equal(0, h.nlmsg_flags & NetlinkH.NLM_F_ACK));
        Assert.Equal(Enumerable.Range(1, 310).Select(i => (uint)i), datagrams.SelectMany(d => d).Select(h => h.nlmsg_seq));
    }

    [Fact]
    public void Refusals_have_their_places_and_what_was_gone_is_none()
    {
        Fill(152);
        kernel.Answer(s => [Ack(s + 3, Errno.EINVAL, "no such thing"), [.. Ack(s + 5, Errno.ENOENT), .. Ack(s + 149, Errno.EPERM)]]);
        kernel.Answer(s => [Ack(s - 7, Errno.EINVAL), Ack(s, Errno.ENODEV), Ack(s + 1, Errno.None)]);
        var refusals = kernel.Client().TryExecute(batch);
        Assert.Equal(
            [(3, Errno.EINVAL), (149, Errno.EPERM), (143, Errno.EINVAL), (150, Errno.ENODEV)],
            refusals.Select(r => (r.Place, r.Error.Errno))
        );
        Assert.Equal(
            "RTM_DELNEIGH 00:00:00:00:00:03 to 10.0.0.1 on link 7: invalid argument (EINVAL): no such thing",
            refusals[0].ToException().Message
        );
    }

    [Fact]
    public void Nothing_is_sent_for_an_empty_batch()
    {
        Fill(3);
        batch.Clear();
        Assert.Equal(0, batch.Count);
        Assert.Empty(kernel.Client().TryExecute(batch));
        Assert.Empty(kernel.Sent);
    }

    [Fact]
    public void A_forwarding_entry_is_a_neighbour_of_AF_BRIDGE()
    {
        kernel.Acknowledge();
        using var client = kernel.Client();
        client.Fdb.Replace(
            new FdbEntry(7, MacAddress.Parse("02:00:00:00:00:01"), IPAddr.Parse("10.9.8.7"))
            {
                Port = 8472,
                Vni = 3,
                OutInterface = 9,
                Vlan = 5,
            }
        );
        Assert.Equal(
            "07000000"
                + "07000000"
                + "80000200"
                + "0A00020002000000000100"
                + "00"
                + "080001000A090807"
                + "0600060021180000"
                + "0800070003000000"
                + "0800080009000000"
                + "0600050005000000",
            Convert.ToHexString(kernel.Sent[0].AsSpan(16))
        );
        Assert.Equal(
            NetlinkH.NLM_F_REQUEST | NetlinkH.NLM_F_ACK | NetlinkH.NLM_F_CREATE | NetlinkH.NLM_F_REPLACE,
            Headers(kernel.Sent[0])[0].nlmsg_flags
        );
    }

    [Fact]
    public void A_neighbour_tells_who_made_it()
    {
        kernel.Acknowledge();
        using var client = kernel.Client();
        client.Neighbours.Add(
            new Neighbour(7, IPAddr.Parse("10.9.8.7"), new MacAddress(1), NeighbourState.Permanent) { Protocol = RouteProtocol.Plugboard }
        );
        Assert.EndsWith("05000C006E000000", Convert.ToHexString(kernel.Sent[0]), StringComparison.Ordinal);
        Assert.Equal(NetlinkH.NLM_F_EXCL, Headers(kernel.Sent[0])[0].nlmsg_flags & NetlinkH.NLM_F_EXCL);
    }
}
