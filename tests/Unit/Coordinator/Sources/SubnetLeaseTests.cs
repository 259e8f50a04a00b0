using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Sources;
using Plugboard.Coordinator.Sources.Etcd;
using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Coordinator.Sources;

public sealed class SubnetLeaseTests
{
    private static ValueArray<IPPrefix> Subnets(string text) => text.Split(' ').Select(part => IPPrefix.Parse(part)).ToValueArray();

    [Theory]
    [InlineData("10.5.52.0-24", "10.5.52.0/24")]
    [InlineData("10.5.52.0-24&fd00:12:13::-56", "10.5.52.0/24 fd00:12:13::/56")]
    [InlineData("0.0.0.0-0&fd00:12:13::-56", "fd00:12:13::/56")]
    public void Keys_name_networks_and_networks_keys(string key, string subnets)
    {
        Assert.Equal(Subnets(subnets), SubnetLease.ParseKey(key));
        Assert.Equal(key, SubnetLease.FormatKey(Subnets(subnets)));
    }

    [Theory]
    [InlineData("", "the key's \"\" is not an IPv4 network")]
    [InlineData("config", "the key's \"config\" is not an IPv4 network")]
    [InlineData("10.5.52.0-33", "the key's \"10.5.52.0-33\" is not an IPv4 network")]
    [InlineData("10.5.52.7-24", "the key's \"10.5.52.7-24\" is an address in a network: the network is 10.5.52.0/24")]
    [InlineData("fd00::-64", "the key's \"fd00::-64\" is not an IPv4 network")]
    [InlineData("10.5.52.0-24&10.5.53.0-24", "the key's \"10.5.53.0-24\" is not an IPv6 network")]
    [InlineData("10.5.52.0-24&fd00::-64&fd00:1::-64", "the key has more than two networks")]
    [InlineData("0.0.0.0-0", "the key names no network")]
    [InlineData("10.5.52.0-24\nx", "the key's \"10.5.52.0-24\\nx\" is not an IPv4 network")]
    [InlineData("10.5.52.0/24", "the key's \"10.5.52.0/24\" is not flannel's form: 10.5.52.0-24")]
    public void Other_keys_are_named(string key, string expected) =>
        Assert.Equal(expected, Assert.Throws<FormatException>(() => SubnetLease.ParseKey(key)).Message);

    [Theory]
    [InlineData(
        """{"PublicIP":"192.168.64.3","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"c6:d7:0e:51:7a:bc"}}"""
    )]
    [InlineData("""{"PublicIP":"192.168.64.3","PublicIPv6":null,"BackendType":"host-gw"}""")]
    [InlineData(
        """{"PublicIP":"192.168.64.3","PublicIPv6":"fd00::3","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"c6:d7:0e:"""
            + """51:7a:bc"},"BackendV6Data":{"VNI":1,"VtepMAC":"c6:d7:0e:51:7a:bd"}}"""
    )]
    [InlineData("""{"PublicIP":"0.0.0.0","PublicIPv6":"fd00::3","BackendType":"host-gw"}""")]
    public void Values_are_read_and_written_byte_for_byte(string value) =>
        Assert.Equal(value, SubnetLease.FormatValue(SubnetLease.ParseValue(value)));

    [Fact]
    public void A_value_tells_how_its_node_is_reached() =>
        Assert.Equal(
            new NodeAdvertisement
            {
                BackendType = "vxlan",
                Addresses = [IPAddr.Parse("192.168.64.3"), IPAddr.Parse("fd00::3")],
                Vtep4 = new VtepData(7, MacAddress.Parse("c6:d7:0e:51:7a:bc")),
            },
            SubnetLease.ParseValue(
                """{"PublicIP":"192.168.64.3","PublicIPv6":"fd00::3","BackendType":"vxlan","BackendData":{"VNI":"""
                    + """7,"VtepMAC":"c6:d7:0e:51:7a:bc"},"BackendV6Data":null,"More":[]}"""
            )
        );

    [Theory]
    [InlineData("{\"PublicIP\":\"10.0.0.1\",\"BackendType\":7,\"BackendData\":[]}")]
    [InlineData("{\"PublicIP\":\"10.0.0.1\",\"BackendData\":{\"VNI\":1e99,\"VtepMAC\":\"c6:d7:0e:51:7a:bc\"}}")]
    [InlineData("{\"PublicIP\":\"10.0.0.1\",\"BackendData\":{\"VNI\":1,\"VtepMAC\":\"x\"}}")]
    public void Backend_data_of_another_kind_is_none(string value) => Assert.Null(SubnetLease.ParseValue(value).Vtep4);

    [Fact]
    public void A_value_s_names_are_found_whatever_their_case()
    {
        var node = SubnetLease.ParseValue(
            """{"publicIp":"10.0.0.1","PUBLICIPV6":"fd00::1","backendtype":"vxlan","backendData":{"VtepMAC":"c6:d7:0e:51:7a:bc"}}"""
        );
        Assert.Equal(("10.0.0.1, fd00::1", "vxlan"), (node.Addresses.ToString(), node.BackendType));
        Assert.NotNull(node.Vtep4);
    }

    [Theory]
    [InlineData("""{"PublicIP":"10.0.0.1","BackendData":{"VNI":"1","VtepMAC":"c6:d7:0e:51:7a:bc"}}""", "the text \"1\", not a number")]
    [InlineData("""{"PublicIP":"10.0.0.1","BackendV6Data":{"VNI":1,"VtepMAC":"c6:d7"}}""", "VtepMAC \"c6:d7\" is not the hardware")]
    public void Backend_data_without_effect_are_named(string value, string expected) =>
        Assert.Contains(expected, SubnetLease.FindFault(value), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "the value is not JSON")]
    [InlineData("{", "the value is not JSON")]
    [InlineData("[]", "the value is not a JSON object")]
    [InlineData("{\"PublicIP\":\"10.0.0\"}", "the value's PublicIP is not an IPv4 address")]
    [InlineData("{\"PublicIP\":7}", "the value's PublicIP is not an IPv4 address")]
    [InlineData("{\"PublicIPv6\":\"10.0.0.1\"}", "the value's PublicIPv6 is not an IPv6 address")]
    [InlineData("{\"BackendType\":\"\\ud800\"}", "the value has a string that is not Unicode")]
    public void Other_values_are_named(string value, string expected) =>
        Assert.Equal(expected, Assert.Throws<FormatException>(() => SubnetLease.ParseValue(value)).Message);
}
