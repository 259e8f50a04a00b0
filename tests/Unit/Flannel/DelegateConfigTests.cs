using System.Text;
using Plugboard.ClusterFiles;
using Plugboard.Flannel;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Flannel;

/// <summary>The reference's cases: what a config and a subnet.env make together, to the byte.</summary>
public sealed class DelegateConfigTests
{
    private const string IPv4 = "FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=true\n";
    private const string IPv6 = "FLANNEL_IPV6_NETWORK=fc00::/48\nFLANNEL_IPV6_SUBNET=fc00::1/64\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=true\n";
    private const string Ipam4 = """{"ranges":[[{"subnet":"10.1.17.0/24"}]],"routes":[{"dst":"10.1.0.0/16"}],"type":"host-local"}""";

    private static string Render(string members, string? subnet)
    {
        var bytes = Encoding.UTF8.GetBytes($$"""{"name":"cni-flannel","type":"flannel"{{(members.Length == 0 ? "" : "," + members)}}}""");
        var parsed = NetworkConfig.Parse(bytes);
        var request = new CniRequest
        {
            Verb = CniVerb.Add,
            StdinBytes = bytes,
            Config = parsed.Root,
            NetworkName = parsed.Name,
            CniVersion = parsed.DecodeVersion(),
        };
        var file = subnet is null ? null : SubnetFile.Parse(subnet, "subnet.env");
        return Encoding.UTF8.GetString(DelegateConfig.Render(parsed.Name, FlannelConfig.Parse(request), file).ToBytes());
    }

    [Theory]
    [InlineData("", $$"""{"ipMasq":false,"ipam":{{Ipam4}},"isGateway":true,"mtu":1472,"name":"cni-flannel","type":"bridge"}""")]
    [InlineData(
        """
            "cniVersion":"1.0.0","delegate":{"bridge":"cni0","ipMasq":true,"mtu":1234,"isGateway":false}
            """,
        $$"""{"bridge":"cni0","cniVersion":"1.0.0","ipMasq":true,"ipam":{{Ipam4}},"isGateway":false,"mtu":"""
            + $$"""1234,"name":"cni-flannel","type":"bridge"}"""
    )]
    [InlineData(
        """
            "delegate":{"type":"ipvlan","master":"eth0"}
            """,
        $$"""{"ipMasq":false,"ipam":{{Ipam4}},"master":"eth0","mtu":1472,"name":"cni-flannel","type":"ipvlan"}"""
    )]
    [InlineData(
        """
            "delegate":{"cniVersion":"0.3.1"},"runtimeConfig":{"portMappings":[{"hostPort":80}]}
            """,
        $$"""{"cniVersion":"0.3.1","ipMasq":false,"ipam":{{Ipam4}},"isGateway":true,"mtu":"""
            + $$"""1472,"name":"cni-flannel","runtimeConfig":{"portMappings":[{"hostPort":80}]},"type":"bridge"}"""
    )]
    [InlineData(
        """
            "delegate":{"mtu":null,"z":"<&é\u0001","n":1e3,"a":[null,true,{}]}
            """,
        $$"""{"a":[null,true,{}],"ipMasq":false,"ipam":{{Ipam4}},"isGateway":true,"mtu":null,"n":"""
            + $$"""1e3,"name":"cni-flannel","type":"bridge","z":"\u003c\u0026é\u0001"}"""
    )]
    public void The_delegate_s_keys_are_kept_and_the_missing_ones_set(string members, string expected) =>
        Assert.Equal(expected, Render(members.Trim(), IPv4));

    [Theory]
    [InlineData("", IPv6, """{"ranges":[[{"subnet":"fc00::/64"}]],"routes":[{"dst":"fc00::/48"}],"type":"host-local"}""")]
    [InlineData(
        "",
        IPv4 + IPv6,
        """{"ranges":[[{"subnet":"10.1.17.0/24"}],[{"subnet":"fc00::/64"}]],"routes":[{"dst":"10.1.0.0/16"},"""
            + """{"dst":"fc00::/48"}],"type":"host-local"}"""
    )]
    [InlineData(
        """
            "ipam":{"type":"my-ipam","dataDir":"/d","ranges":[["mine"]],"routes":[{"dst":"192.168.0.0/16","gw":"10.1.17.9"}]}
            """,
        IPv4,
        """{"dataDir":"/d","ranges":[[{"subnet":"10.1.17.0/24"}]],"routes":[{"dst":"192.168.0.0/16","gw":"10.1.17.9"},"""
            + """{"dst":"10.1.0.0/16"}],"type":"my-ipam"}"""
    )]
    [InlineData(
        """
            "ipam":{"routes":[{"dst":"10.1.0.0/16","gw":"10.1.17.9"}]}
            """,
        IPv4,
        """{"ranges":[[{"subnet":"10.1.17.0/24"}]],"routes":[{"dst":"10.1.0.0/16","gw":"10.1.17.9"}],"type":"host-local"}"""
    )]
    [InlineData(
        """
            "ipam":{"routes":[{"dst":"10.1.0.0/16","table":100}]}
            """,
        IPv4,
        """{"ranges":[[{"subnet":"10.1.17.0/24"}]],"routes":[{"dst":"10.1.0.0/16","table":100},"""
            + """{"dst":"10.1.0.0/16"}],"type":"host-local"}"""
    )]
    [InlineData(
        "",
        "FLANNEL_NETWORK=10.1.0.0/16,192.168.0.0/16,10.1.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=true\n",
        """{"ranges":[[{"subnet":"10.1.17.0/24"}]],"routes":[{"dst":"10.1.0.0/16"},{"dst":"192.168.0.0/16"}],"type":"host-local"}"""
    )]
    [InlineData("", null, """{"type":"host-local"}""")]
    public void The_IPAM_config_has_the_node_s_ranges_and_the_cluster_s_routes(string members, string? subnet, string ipam) =>
        Assert.Contains($"\"ipam\":{ipam},", Render(members.Trim(), subnet), StringComparison.Ordinal);

    [Fact]
    public void The_bridge_masquerades_where_the_daemon_does_not() =>
        Assert.Contains("\"ipMasq\":true,", Render("", IPv4.Replace("true", "false", StringComparison.Ordinal)), StringComparison.Ordinal);

    [Theory]
    [InlineData("abc", "abc", null, true)]
    [InlineData("abc", "abc", "eth0", true)]
    [InlineData("abc", "abc", "net1", false)]
    [InlineData("abc:cni-flannel:eth0", "abc", null, true)]
    [InlineData("abc:cni-flannel:net1", "abc", "eth0", false)]
    public void A_kept_config_is_known_by_its_name_network_and_interface(string fileName, string containerId, string? ifName, bool expected)
    {
        var content =
            $$"""{"name":"cni-flannel","type":"bridge"{{(ifName is null ? "" : $",\"{AttachmentState.IfNameKey}\":\"{ifName}\"")}}}""";
        var state = AttachmentState.Read(fileName, Encoding.UTF8.GetBytes(content));
        var request = new CniRequest
        {
            Verb = CniVerb.Del,
            ContainerId = "abc",
            IfName = "eth0",
            StdinBytes = [],
            Config = state.Config!.Root,
            NetworkName = "cni-flannel",
            CniVersion = "1.0.0",
        };
        Assert.Equal((containerId, expected), (state.ContainerId, state.IsOf(request)));
        Assert.False(state.IsOf(request with { NetworkName = "other" }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("""{"name":"n"}""")]
    [InlineData("""{"name":"n","type":7}""")]
    [InlineData("""{"name":"n","type":"bridge","plugboard/ifname":7}""")]
    public void What_is_no_kept_config_is_known_as_such(string content) =>
        Assert.Null(AttachmentState.Read("abc", Encoding.UTF8.GetBytes(content)).Config);
}
