using System.Text;
using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Protocols.Cni;

public sealed class CniRequestTests
{
    private static CniRequest Request(string members)
    {
        var stdin = Encoding.UTF8.GetBytes($$"""{"name":"n"{{members}}}""");
        var config = NetworkConfig.Parse(stdin);
        return new CniRequest
        {
            Verb = CniVerb.Add,
            StdinBytes = stdin,
            Config = config.Root,
            NetworkName = config.Name,
            CniVersion = config.DecodeVersion(),
        };
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
        Assert.Equal(
            $"could not parse prevResult: result type supports {supported} but unmarshalled CNIVersion is \"{previous}\"",
            error.Message
        );
        Assert.Null(request.FindPrevResultLeniently());
    }

    [Theory]
    [InlineData("5")]
    [InlineData("""{"ips":5}""")]
    [InlineData("""{"cniVersion":[]}""")]
    public void What_is_no_result_is_refused_but_never_stops_del(string value)
    {
        var request = Request($$""","cniVersion":"1.1.0","prevResult":{{value}}""");
        Assert.StartsWith(
            "could not parse prevResult: ",
            Assert.Throws<CniException>(request.FindPrevResult).Message,
            StringComparison.Ordinal
        );
        Assert.Null(request.FindPrevResultLeniently());
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","cni.dev/valid-attachments":null""")]
    public void Where_the_runtime_does_not_say_what_is_valid_nobody_knows(string members) =>
        Assert.Null(Request(members).FindValidAttachments());

    [Fact]
    public void An_empty_list_of_valid_attachments_is_a_list() =>
        Assert.Empty(Request(""","cni.dev/valid-attachments":[]""").FindValidAttachments()!);

    [Theory]
    [InlineData("cni.dev/valid-attachments")]
    [InlineData("cni.dev/attachments")]
    public void Valid_attachments_are_read_from_either_key(string key)
    {
        var valid = Request($$""","{{key}}":[{"containerID":"c","ifname":"eth0"},{"containerID":"d","ifname":"eth1"}]""")
            .FindValidAttachments()!;
        Assert.Equal([new Attachment("n", "c", "eth0"), new Attachment("n", "d", "eth1")], valid);
    }

    [Theory]
    [InlineData("{}", "cni.dev/attachments wants a list, not an object")]
    [InlineData("\"c\"", "cni.dev/attachments wants a list, not a text")]
    [InlineData("[5]", "cni.dev/attachments[0] wants an object, not the number 5")]
    [InlineData("[null]", "cni.dev/attachments[0] wants an object, not null")]
    [InlineData("""[{"containerID":"c","ifname":"eth0"},{}]""", "cni.dev/attachments[1] has no containerID")]
    [InlineData("""[{"container":"c","ifname":"eth0"}]""", "cni.dev/attachments[0] has no containerID")]
    [InlineData("""[{"containerID":"","ifname":"eth0"}]""", "cni.dev/attachments[0] has no containerID")]
    [InlineData("""[{"containerID":null,"ifname":"eth0"}]""", "cni.dev/attachments[0] has no containerID")]
    [InlineData("""[{"containerID":5,"ifname":"eth0"}]""", "cni.dev/attachments[0].containerID wants a text, not the number 5")]
    [InlineData("""[{"containerID":"c"}]""", "cni.dev/attachments[0] has no ifname")]
    [InlineData("""[{"containerID":"c","ifName ":"eth0"}]""", "cni.dev/attachments[0] has no ifname")]
    [InlineData("""[{"containerID":"c","ifname":""}]""", "cni.dev/attachments[0] has no ifname")]
    [InlineData("""[{"containerID":"c","ifname":["eth0"]}]""", "cni.dev/attachments[0].ifname wants a text, not an array")]
    [InlineData("""[{"containerID":"c ","ifname":"eth0"}]""", "cni.dev/attachments[0].containerID \"c \" is no container's id")]
    [InlineData("""[{"containerID":"c","ifname":"eth0 "}]""", "cni.dev/attachments[0].ifname \"eth0 \" is no interface's name")]
    [InlineData(
        """[{"containerID":"c","containerID":"d","ifname":"eth0"}]""",
        "cni.dev/attachments[0].containerID is given more than once"
    )]
    public void A_list_of_valid_attachments_that_leaves_a_doubt_is_refused_whole(string value, string message)
    {
        var error = Assert.Throws<CniException>(() => Request($$""","cni.dev/attachments":{{value}}""").FindValidAttachments());
        Assert.Equal((CniErrorCode.InvalidNetworkConfig, message), (error.Code, error.Message));
    }

    [Fact]
    public void Two_lists_under_one_key_are_refused() =>
        Assert.Equal(
            "cni.dev/valid-attachments is given more than once",
            Assert
                .Throws<CniException>(() =>
                    Request(""","cni.dev/valid-attachments":[],"CNI.dev/valid-attachments":[]""").FindValidAttachments()
                )
                .Message
        );

    [Fact]
    public void What_either_key_lists_is_valid_and_an_attachment_may_be_listed_twice()
    {
        const string Entry = """{"containerID":"c","ifname":"eth0"}""";
        var valid = Request(
                $$""","cni.dev/valid-attachments":[{{Entry}},{{Entry}}],"cni.dev/attachments":[{"containerID":"d","ifname":"eth0"}]"""
            )
            .FindValidAttachments()!;
        Assert.Equal([new Attachment("n", "c", "eth0"), new Attachment("n", "d", "eth0")], valid);
    }
}
