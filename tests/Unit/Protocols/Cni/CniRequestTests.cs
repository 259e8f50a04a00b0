using System.Text;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Protocols.Cni;

public sealed class CniRequestTests
{
    private static CniRequest Request(string members)
    {
        var stdin = Encoding.UTF8.GetBytes($$"""{"name":"n"{{members}}}""");
        var config = NetworkConfig.Parse(stdin);
        return new CniRequest { Verb = CniVerb.Add, StdinBytes = stdin, Config = config.Root, NetworkName = config.Name, CniVersion = config.DecodeVersion() };
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","prevResult":null""")]
    public void Without_prevResult_there_is_none(string members) => Assert.Null(Request(members).FindPrevResult());

    [Theory]
    [InlineData(""","cniVersion":"1.1.0","prevResult":{"cniVersion":"1.0.0","ips":[{"address":"10.1.2.3/24"}]}""")]
    [InlineData(""","cniVersion":"0.3.1","prevResult":{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.1.2.3/24"}]}""")]
    [InlineData(""","cniVersion":"0.4.0","prevResult":{"ips":[{"address":"10.1.2.3/24"}]}""")]
    [InlineData(""","prevResult":{"cniVersion":"","ip4":{"ip":"10.1.2.3/24"}}""")]
    public void It_is_read_in_the_family_of_the_config(string members) =>
        Assert.Equal("10.1.2.3/24", Request(members).FindPrevResult()!.IPs[0].Address.ToString());

    [Theory]
    [InlineData("1.1.0", "0.4.0", "[1.0.0 1.1.0]")]
    [InlineData("1.0.0", "", "[1.0.0 1.1.0]")]
    [InlineData("0.4.0", "1.0.0", "[0.3.0 0.3.1 0.4.0]")]
    [InlineData("0.2.0", "0.3.0", "[ 0.1.0 0.2.0]")]
    public void Another_family_is_refused_in_the_words_of_the_reference(string config, string previous, string supported)
    {
        var request = Request($$""","cniVersion":"{{config}}","prevResult":{"cniVersion":"{{previous}}"}""");
        var error = Assert.Throws<CniException>(request.FindPrevResult);
        Assert.Equal($"could not parse prevResult: result type supports {supported} but unmarshalled CNIVersion is \"{previous}\"", error.Message);
        Assert.Null(request.FindPrevResultLeniently());
    }

    [Theory]
    [InlineData("5")]
    [InlineData("""{"ips":5}""")]
    [InlineData("""{"cniVersion":[]}""")]
    public void What_is_no_result_is_refused_but_never_stops_del(string value)
    {
        var request = Request($$""","cniVersion":"1.1.0","prevResult":{{value}}""");
        Assert.StartsWith("could not parse prevResult: ", Assert.Throws<CniException>(request.FindPrevResult).Message, StringComparison.Ordinal);
        Assert.Null(request.FindPrevResultLeniently());
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","cni.dev/valid-attachments":null""")]
    public void Where_the_runtime_does_not_say_what_is_valid_nobody_knows(string members) => Assert.Null(Request(members).FindValidAttachments());

    [Fact]
    public void An_empty_list_of_valid_attachments_is_a_list() => Assert.Empty(Request(""","cni.dev/valid-attachments":[]""").FindValidAttachments()!);

    [Theory]
    [InlineData("cni.dev/valid-attachments")]
    [InlineData("cni.dev/attachments")]
    public void Valid_attachments_are_read_from_either_key(string key)
    {
        var valid = Request($$""","{{key}}":[{"containerID":"c","ifname":"eth0"},{"containerID":"d","ifname":"eth1"}]""").FindValidAttachments()!;
        Assert.Equal([new CniAttachment("c", "eth0"), new CniAttachment("d", "eth1")], valid);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[5]")]
    [InlineData("""[{"containerID":5}]""")]
    public void Attachments_of_the_wrong_type_are_refused(string value) =>
        Assert.Equal(CniErrorCode.DecodingFailure, Assert.Throws<CniException>(() => Request($$""","cni.dev/attachments":{{value}}""").FindValidAttachments()).Code);
}
