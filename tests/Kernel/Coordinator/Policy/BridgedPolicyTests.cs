using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Linux.Sockets;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>What no pod's address says: link-local addresses, groups and tags between two ports of one bridge.</summary>
public sealed class BridgedPolicyTests
{
    private const string IsolatedA = "podSelector: {matchLabels: {pod: a}}\npolicyTypes: [Ingress, Egress]";
    private const int Port = 80,
        GroupPort = 5353;

    private static readonly string[] groups = ["224.0.0.1", "255.255.255.255", "10.244.1.255"];

    private static PolicyNode NewNode() => new(hasStarts: true, hasPortRules: true);

    private static int IndexOf(PolicyNode node, string pod) =>
        node.Pod(pod).Json("ip -j link show eth0")[0].GetProperty("ifindex").GetInt32();

    private static string LinkLocal(PolicyNode node, string pod)
    {
        // Links and addresses of another scope are empty objects.
        var address = node.Pod(pod)
            .Json("ip -j -6 addr show dev eth0 scope link")
            .EnumerateArray()
            .Where(static link => link.TryGetProperty("addr_info", out _))
            .SelectMany(static link => link.GetProperty("addr_info").EnumerateArray())
            .First(static each => each.TryGetProperty("local", out _));
        return $"[{address.GetProperty("local").GetString()}%eth0]";
    }

    private static IPEndPoint EndOf(PolicyNode node, string from, string to, int port = Port) =>
        IPEndPoint.Parse($"{to.Replace("%eth0", $"%{IndexOf(node, from)}", StringComparison.Ordinal)}:{port}");

    // One of both families hears no group of IPv4 that it has not joined.
    private static Socket ListenToGroups(PolicyNode node, string pod)
    {
        var socket = node.Pod(pod).Run(static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        socket.Bind(IPEndPoint.Parse($"0.0.0.0:{GroupPort}"));
        socket.Blocking = false;
        return socket;
    }

    private static HashSet<string> Drain(Socket listener)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var buffer = new byte[200];
        while (listener.Available > 0)
            found.Add(Encoding.ASCII.GetString(buffer, 0, listener.Receive(buffer)));
        return found;
    }

    // True if one of three datagrams arrives.
    private static bool Arrives(PolicyNode node, string from, string to, string at) =>
        Arrives(node, from, EndOf(node, from, to), () => node.Received(at, Port));

    private static bool ArrivesInGroup(PolicyNode node, string from, string group, Socket at) =>
        Arrives(node, from, EndOf(node, from, group, GroupPort), () => Drain(at));

    private static bool Arrives(PolicyNode node, string from, IPEndPoint end, Func<HashSet<string>> received)
    {
        using var socket = node.Pod(from).Run(() => new Socket(end.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        socket.EnableBroadcast = end.AddressFamily == AddressFamily.InterNetwork;
        var text = $"{from} {Guid.NewGuid():n}";
        for (var attempt = 0; attempt < 3; attempt++)
        {
            socket.SendTo(Encoding.ASCII.GetBytes(text), end);
            Datagrams.Pause(TimeSpan.FromMilliseconds(50));
            if (received().Contains(text))
                return true;
        }

        return false;
    }

    private static bool Connects(PolicyNode node, string from, string to)
    {
        var end = EndOf(node, from, to);
        using var socket = node.Pod(from).Run(() => new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        var connected = socket.ConnectAsync(end);
        for (var i = 0; i < 20 && !connected.IsCompleted; i++)
            Datagrams.Pause(TimeSpan.FromMilliseconds(20));
        _ = connected.ContinueWith(static task => task.Exception, TaskScheduler.Default);
        return connected.IsCompletedSuccessfully;
    }

    [KernelFact]
    public void An_isolated_pod_is_not_reached_by_its_link_local_address_nor_reaches_others_so()
    {
        using var node = NewNode();
        node.SyncWell(SyncCause.Start);
        var (a, b) = (LinkLocal(node, "x/a"), LinkLocal(node, "y/b"));
        Assert.True(Connects(node, "y/b", a));
        Assert.Equal("", node.TryTool(["nft", "list", "table", "bridge", "plugboard_policy"]).Output);

        node.Write(("x", IsolatedA));
        node.ReportAll();
        node.SyncWell(SyncCause.Audit);

        Assert.False(Connects(node, "y/b", a));
        Assert.False(Arrives(node, "y/b", a, "x/a"));
        Assert.False(Connects(node, "x/a", b));
        Assert.False(Arrives(node, "x/a", b, "y/b"));
        // Others are not isolated.
        Assert.True(Connects(node, "z/c", b));
        Assert.True(Arrives(node, "x/b", b, "y/b"));
        Assert.Equal([], node.SyncWell(SyncCause.Audit));
        node.Restart();
        Assert.Equal([], node.SyncWell(SyncCause.Start));

        node.Write();
        node.SyncWell();
        Assert.True(Connects(node, "y/b", a));
        Assert.Equal("", node.TryTool(["nft", "list", "table", "bridge", "plugboard_policy"]).Output);
    }

    [KernelFact]
    public void An_isolated_pod_gets_no_multicast_and_no_broadcast_and_others_do()
    {
        using var node = NewNode();
        node.ReportAll();
        node.Write(("x", IsolatedA));
        node.SyncWell(SyncCause.Start);

        using var isolated = ListenToGroups(node, "x/a");
        using var other = ListenToGroups(node, "y/c");
        foreach (var group in groups)
        {
            Assert.False(ArrivesInGroup(node, "y/b", group, isolated), group);
            Assert.True(ArrivesInGroup(node, "y/b", group, other), group);
            Assert.False(ArrivesInGroup(node, "x/a", group, other), group);
        }

        const string AllNodes = "[ff02::1%eth0]";
        Assert.False(Arrives(node, "y/b", AllNodes, "x/a"));
        Assert.True(Arrives(node, "y/b", AllNodes, "y/c"));
        Assert.False(Arrives(node, "x/a", AllNodes, "y/c"));

        // Without neighbour discovery no pod is found.
        node.Write(("x", IsolatedA), ("x", $"{IsolatedA}\ningress: [{{}}]\negress: [{{}}]"));
        node.SyncWell();
        node.Pod("y/b").Tool("ip -6 neigh flush dev eth0");
        Assert.True(Arrives(node, "y/b", $"[{node.Address("x/a", is6: true)}]", "x/a"));
        Assert.True(ArrivesInGroup(node, "x/a", "224.0.0.1", other));
    }

    [KernelFact]
    public void A_policy_for_what_arrives_says_nothing_of_what_is_sent()
    {
        using var node = NewNode();
        node.ReportAll();
        node.Write(("x", "podSelector: {matchLabels: {pod: a}}"));
        node.SyncWell(SyncCause.Start);

        Assert.True(Arrives(node, "x/a", LinkLocal(node, "y/b"), "y/b"));
        using var other = ListenToGroups(node, "y/b");
        Assert.True(ArrivesInGroup(node, "x/a", "224.0.0.1", other));
        Assert.False(Arrives(node, "y/b", LinkLocal(node, "x/a"), "x/a"));
    }

    [KernelTheory]
    [InlineData("")]
    [InlineData("81000000")]
    [InlineData("88a80000")]
    [InlineData("8100000081000000")]
    public void A_tag_of_VLAN_0_leads_no_packet_around_the_policies(string tags)
    {
        using var node = NewNode();
        node.SyncWell(SyncCause.Start);
        Assert.True(ArrivesWith(node, tags));

        node.Write(("x", IsolatedA));
        node.SyncWell();

        Assert.False(ArrivesWith(node, tags));
    }

    private static bool ArrivesWith(PolicyNode node, string tags)
    {
        var text = $"{Guid.NewGuid():n}";
        var (link, frame) = (IndexOf(node, "y/b"), FrameOf(node, Convert.FromHexString(tags), text));
        for (var attempt = 0; attempt < 3; attempt++)
        {
            node.Pod("y/b").Run(() => SendFrame(link, frame));
            Datagrams.Pause(TimeSpan.FromMilliseconds(50));
            if (node.Received("x/a", Port).Contains(text))
                return true;
        }

        return false;
    }

    private static void SendFrame(int link, byte[] frame)
    {
        using var socket = FrameSocket.Open();
        socket.Send(link, frame);
    }

    // A datagram of UDP without a checksum.
    private static byte[] FrameOf(PolicyNode node, byte[] tags, string text)
    {
        const int Ip = 20,
            Udp = 8;
        var body = Encoding.ASCII.GetBytes(text);
        var packet = new byte[Ip + Udp + body.Length];
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        (packet[8], packet[9]) = (64, 17);
        node.Address("y/b", is6: false).WriteBytes(packet.AsSpan(12, 4));
        node.Address("x/a", is6: false).WriteBytes(packet.AsSpan(16, 4));
        var sum = 0;
        for (var i = 0; i < Ip; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(i));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), (ushort)~((sum & 0xffff) + (sum >> 16)));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(Ip), 4000);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(Ip + 2), Port);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(Ip + 4), (ushort)(Udp + body.Length));
        body.CopyTo(packet, Ip + Udp);
        return [.. MacOf(node, "x/a"), .. MacOf(node, "y/b"), .. tags, 0x08, 0x00, .. packet];
    }

    private static byte[] MacOf(PolicyNode node, string pod) =>
        Convert.FromHexString(
            node.Pod(pod).Json("ip -j link show eth0")[0].GetProperty("address").GetString()!.Replace(":", "", StringComparison.Ordinal)
        );

    [KernelFact]
    public void A_port_that_is_no_reported_pod_s_may_be_an_isolated_one_that_nobody_reported()
    {
        using var node = NewNode();
        // x/a is not reported: the veth of each other pod that is not may be its own.
        node.Report("z/b");
        node.Report("z/c");
        node.Write(("x", IsolatedA));
        node.SyncWell(SyncCause.Start);
        Assert.False(Arrives(node, "z/b", LinkLocal(node, "x/a"), "x/a"));
        Assert.False(Arrives(node, "z/b", LinkLocal(node, "y/c"), "y/c"));
        Assert.True(Arrives(node, "z/b", LinkLocal(node, "z/c"), "z/c"));

        node.ReportAll();
        node.SyncWell(SyncCause.Audit);
        Assert.False(Arrives(node, "y/b", LinkLocal(node, "x/a"), "x/a"));
        Assert.True(Arrives(node, "y/b", LinkLocal(node, "y/c"), "y/c"));
    }

    [KernelFact]
    public void Packets_of_a_bridge_are_shown_to_the_policies_again_when_another_process_hides_them()
    {
        using var node = NewNode();
        node.Write(("x", IsolatedA));
        node.SyncWell(SyncCause.Start);
        node.Tool("sysctl -qw net.bridge.bridge-nf-call-iptables=0");
        Assert.True(node.Run(BridgeNetfilter.IsOff));
        Assert.True(node.Pod("y/b").AskUdpOnce(node, "x/a", Port));

        node.Reconciler.NoteBridgeFilterLost();
        Assert.Equal("net.bridge.bridge-nf-call-iptables = 1", Assert.Single(node.SyncWell()).Text);

        Assert.False(node.Run(BridgeNetfilter.IsOff));
        Assert.False(node.Pod("y/b").AskUdpOnce(node, "x/a", Port));
    }

    [KernelFact]
    public void The_table_is_repaired_and_goes_with_the_policies()
    {
        using var node = NewNode();
        node.Write(("x", IsolatedA));
        node.SyncWell(SyncCause.Start);
        var listed = node.Tool("nft list table bridge plugboard_policy");
        Assert.Contains("vlan id 0 jump isolated", listed, StringComparison.Ordinal);
        Assert.Contains("ip6 saddr fe80::/10 jump isolated", listed, StringComparison.Ordinal);
        Assert.Contains("ether daddr ff:ff:ff:ff:ff:ff jump receivers", listed, StringComparison.Ordinal);

        node.Tool("nft flush chain bridge plugboard_policy forward");
        Assert.Single(node.SyncWell(SyncCause.Audit));
        Assert.Equal([], node.SyncWell(SyncCause.Audit));
        node.Tool("nft delete table bridge plugboard_policy");
        Assert.Single(node.Run(() => node.Reconciler.Plan(PolicyNode.View)).Changes);
        Assert.Single(node.SyncWell(SyncCause.Audit));
        Assert.Equal(
            ["delete table inet plugboard_policy", "delete table bridge plugboard_policy"],
            node.Run(() => node.Reconciler.Remove(isDryRun: true)).Changes.Select(static change => change.ToString())
        );
    }
}
