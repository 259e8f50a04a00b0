using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Sources.Etcd;
using Plugboard.Coordinator.Sources.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Kubernetes;

/// <summary>What a peer leaves out of where its tunnel ends, in an annotation and in a lease alike.</summary>
public sealed class BackendDataTests
{
    private const string Mac = "00:0c:29:9a:11:22";

    [Theory]
    [InlineData("""{"VNI":1,"VtepMAC":"00:0c:29:9a:11:22"}""", 1)]
    [InlineData("""{"vni":7,"vtepmac":"00:0c:29:9a:11:22"}""", 7)]
    // As the makers of load balancers tell their users to write it.
    [InlineData("""{"VtepMAC":"00:0c:29:9a:11:22"}""", 0)]
    [InlineData("""{"VNI":null,"VtepMAC":"00:0c:29:9a:11:22"}""", 0)]
    [InlineData("""{"VNI":0,"VtepMAC":"00:0c:29:9a:11:22","Port":8472}""", 0)]
    public void A_number_that_is_not_said_is_the_clusters(string json, int vni)
    {
        var expected = new VtepData(vni, MacAddress.Parse(Mac));

        Assert.Equal(expected, BackendData.Find(json));
        Assert.Equal(
            expected,
            SubnetLease.ParseValue($$"""{"PublicIP":"192.168.0.2","BackendType":"vxlan","BackendData":{{json}}}""").Vtep4
        );
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"VNI":1}""")]
    [InlineData("""{"VNI":"1","VtepMAC":"00:0c:29:9a:11:22"}""")]
    [InlineData("""{"VNI":16777216,"VtepMAC":"00:0c:29:9a:11:22"}""")]
    [InlineData("""{"VNI":-1,"VtepMAC":"00:0c:29:9a:11:22"}""")]
    [InlineData("""{"VNI":1,"VtepMAC":"00:00:00:00:00:00"}""")]
    [InlineData("""{"VNI":1,"VtepMAC":"01:00:5e:00:00:01"}""")]
    [InlineData("""{"VNI":1,"VtepMAC":"no"}""")]
    [InlineData("""{"VNI":1,"VtepMAC":7}""")]
    public void Where_no_packet_could_go_is_nowhere(string json)
    {
        Assert.Null(BackendData.Find(json));
        Assert.Null(SubnetLease.ParseValue($$"""{"PublicIP":"192.168.0.2","BackendType":"vxlan","BackendData":{{json}}}""").Vtep4);
    }
}
