using System.Text;
using Plugboard.Dhcp.Daemon;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Dhcp;

/// <summary>The results that runtimes keep, as several versions of libcni write them.</summary>
public sealed class CachedAttachmentTests
{
    private const string List = """
        {"cniVersion":"1.0.0","name":"lan","plugins":[
          {"type":"macvlan","master":"m0","ipam":{"type":"dhcp","priority":7}},
          {"type":"sbr"}]}
        """;

    private const string Result = """
        {"cniVersion":"1.0.0",
         "interfaces":[{"name":"net1","mac":"02:00:00:00:00:01","sandbox":"/run/netns/a"}],
         "ips":[{"interface":0,"address":"10.0.0.5/24"}]}
        """;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static CachedAttachment? Parse(string config = List, string result = Result, string more = "") =>
        CachedAttachment.Parse(
            Encoding.UTF8.GetBytes(
                $$"""{"kind":"cniCacheV1","containerId":"c1","config":"{{Base64(
                    config
                )}}","ifName":"net1","networkName":"lan"{{more}},"result":{{result}}}"""
            )
        );

    [Fact]
    public void An_attachment_is_read_with_the_config_that_its_plugin_got()
    {
        var cached = Parse(more: ""","cniArgs":[["IgnoreUnknown","1"],["K8S_POD_NAME","web-0"]]""")!;
        Assert.Equal(("lan", "c1", "net1"), (cached.Order.Owner.Network, cached.Order.Owner.ContainerId, cached.Order.Owner.IfName));
        Assert.Equal(("10.0.0.5/24", "02:00:00:00:00:01"), (cached.Address.ToString(), cached.Hardware.ToString()));
        Assert.Equal("IgnoreUnknown=1;K8S_POD_NAME=web-0", cached.Order.Args);
        Assert.Equal(7, cached.Order.ReadConfig().Priority);
        Assert.Equal("lan", NetworkConfig.Parse(cached.Order.StdinData).Name);
        // Before libcni 1.3 the namespace is in the result only.
        Assert.Equal("/run/netns/a", cached.Order.NetNs);
        Assert.Equal("/run/netns/b", Parse(more: """ ,"netns":"/run/netns/b" """)!.Order.NetNs);
    }

    [Fact]
    public void A_config_that_is_no_list_and_a_result_of_0_2_0_are_read()
    {
        const string Config = """{"cniVersion":"0.2.0","name":"lan","type":"ipvlan","master":"m0","ipam":{"type":"dhcp"}}""";
        const string Old = """{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.5/24","gateway":"10.0.0.1"},"dns":{}}""";
        var cached = Parse(Config, Old, """ ,"netns":"/run/netns/b" """)!;
        Assert.Equal("10.0.0.5/24", cached.Address.ToString());
        Assert.Null(cached.Hardware);
        // Neither says where the pod is.
        Assert.Null(Parse(Config, Old));
    }

    [Theory]
    [InlineData("""{"cniVersion":"1.0.0","name":"lan","plugins":[{"type":"macvlan","ipam":{"type":"host-local"}}]}""", Result)]
    [InlineData("""{"cniVersion":"1.0.0","name":"lan","plugins":[{"type":"loopback"}]}""", Result)]
    [InlineData(List, """{"cniVersion":"1.0.0"}""")]
    [InlineData(List, """{"cniVersion":"1.0.0","ips":[{"address":"fd00::5/64"}]}""")]
    [InlineData(List, "null")]
    public void Other_attachments_are_left_out(string config, string result) => Assert.Null(Parse(config, result));

    [Fact]
    public void The_address_of_a_family_counts_if_the_config_names_it()
    {
        const string Both = """{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.5/24"},{"address":"fd00::5/128"}]}""";
        Assert.Equal("10.0.0.5/24", string.Join(' ', Of("""{"type":"dhcp"}""")));
        Assert.Equal("fd00::5/128", string.Join(' ', Of("""{"type":"dhcp","families":["ipv6"]}""")));
        Assert.Equal("10.0.0.5/24 fd00::5/128", string.Join(' ', Of("""{"type":"dhcp","families":["ipv6","ipv4"]}""")));
        Assert.Equal("10.0.0.5/24", string.Join(' ', Of("""{"type":"dhcp","families":["ipv4","ipv6"],"ipv6":"stateless"}""")));

        static IEnumerable<string> Of(string ipam) =>
            Parse($$"""{"cniVersion":"1.0.0","name":"lan","type":"macvlan","ipam":{{ipam}}}""", Both, """ ,"netns":"/run/netns/b" """)!
                .Addresses.Select(static each => each.ToString());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"kind":"cniCacheV1","config":"!","result":{}}""")]
    [InlineData("""{"kind":"cniCacheV1","config":"e30=","result":{}}""")]
    [InlineData("""{"kind":7}""")]
    public void What_is_invalid_is_refused(string content) =>
        Assert.Throws<CniException>(() => CachedAttachment.Parse(Encoding.UTF8.GetBytes(content)));

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"cniVersion":"0.4.0","ips":[]}""")]
    public void Results_before_libcni_0_8_have_no_config_and_are_left_out(string content) =>
        Assert.Null(CachedAttachment.Parse(Encoding.UTF8.GetBytes(content)));
}
