using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

/// <summary>What ADD prints, to the byte, in every version: four blanks of indentation, the order of keys, no newline at the end.</summary>
public sealed class ResultFormatTests
{
    private const string Of020 = """
        {
            "cniVersion": "VERSION",
            "ip4": {
                "ip": "10.1.0.2/16",
                "gateway": "10.1.0.1",
                "routes": [
                    {
                        "dst": "192.168.0.0/16",
                        "gw": "10.1.0.9"
                    }
                ]
            },
            "ip6": {
                "ip": "fd00:1::2/64",
                "gateway": "fd00:1::1",
                "routes": [
                    {
                        "dst": "::/0"
                    }
                ]
            },
            "dns": {
                "nameservers": [
                    "10.1.0.53"
                ]
            }
        }
        """;

    private const string Of040 = """
        {
            "cniVersion": "VERSION",
            "interfaces": [
                {
                    "name": "cni0",
                    "mac": "BRIDGE-MAC"
                },
                {
                    "name": "PORT",
                    "mac": "PORT-MAC"
                },
                {
                    "name": "eth0",
                    "mac": "02:00:00:00:00:01",
                    "sandbox": "NETNS"
                }
            ],
            "ips": [
                {
                    "version": "4",
                    "interface": 2,
                    "address": "10.1.0.2/16",
                    "gateway": "10.1.0.1"
                },
                {
                    "version": "6",
                    "interface": 2,
                    "address": "fd00:1::2/64",
                    "gateway": "fd00:1::1"
                }
            ],
            "routes": [
                {
                    "dst": "192.168.0.0/16",
                    "gw": "10.1.0.9",
                    "mtu": 1280
                },
                {
                    "dst": "::/0"
                }
            ],
            "dns": {
                "nameservers": [
                    "10.1.0.53"
                ]
            }
        }
        """;

    private const string Of100 = """
        {
            "cniVersion": "VERSION",
            "dns": {
                "nameservers": [
                    "10.1.0.53"
                ]
            },
            "interfaces": [
                {
                    "mac": "BRIDGE-MAC",
                    "name": "cni0"
                },
                {
                    "mac": "PORT-MAC",
                    "name": "PORT"
                },
                {
                    "mac": "02:00:00:00:00:01",
                    "name": "eth0",
                    "sandbox": "NETNS"
                }
            ],
            "ips": [
                {
                    "address": "10.1.0.2/16",
                    "gateway": "10.1.0.1",
                    "interface": 2
                },
                {
                    "address": "fd00:1::2/64",
                    "gateway": "fd00:1::1",
                    "interface": 2
                }
            ],
            "routes": [
                {
                    "dst": "192.168.0.0/16",
                    "gw": "10.1.0.9",
                    "mtu": 1280
                },
                {
                    "dst": "::/0"
                }
            ]
        }
        """;

    private static JsonObject DualStack(CniNode node, string version) =>
        node.BridgeConfig(
                """
                {"dns":{"nameservers":["10.1.0.53"]},"runtimeConfig":{"mac":"02:00:00:00:00:01"},
                 "ipam":{"ranges":[[{"subnet":"10.1.0.0/16"}],[{"subnet":"fd00:1::/64"}]],"routes":[{"dst":"192.168.0.0/16","gw":"10.1.0.9","mtu":1280},{"dst":"::/0"}]}}
                """
            )
            .With($$"""{"cniVersion":{{version}}}""");

    [KernelTheory]
    [InlineData("0.1.0", Of020)]
    [InlineData("0.2.0", Of020)]
    [InlineData("0.3.0", Of040)]
    [InlineData("0.3.1", Of040)]
    [InlineData("0.4.0", Of040)]
    [InlineData("1.0.0", Of100)]
    [InlineData("1.1.0", Of100)]
    public void A_result_is_written_as_its_version_wants(string version, string golden)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var output = node.Call("ADD", pod, DualStack(node, $"\"{version}\"")).Succeeded().Output;
        var port = (string)node.Json("ip -j link show master cni0")[0].GetProperty("ifname").GetString()!;
        var expected = golden
            .Replace("VERSION", version, StringComparison.Ordinal)
            .Replace("NETNS", pod.Path, StringComparison.Ordinal)
            .Replace("BRIDGE-MAC", node.Link("cni0").GetProperty("address").GetString(), StringComparison.Ordinal)
            .Replace("PORT-MAC", node.Link(port).GetProperty("address").GetString(), StringComparison.Ordinal)
            .Replace("PORT", port, StringComparison.Ordinal);
        Assert.Equal(expected, output);
    }

    [KernelTheory]
    [InlineData("null")]
    [InlineData("\"\"")]
    public void A_config_without_a_version_speaks_the_oldest(string version)
    {
        using var node = new CniNode();
        var output = node.Call("ADD", node.AddPod(), DualStack(node, version)).Succeeded().Json;
        Assert.Equal("10.1.0.2/16", (string)output["ip4"]!["ip"]!);
    }

    [KernelTheory]
    [InlineData(
        "0.3.1",
        """{"cniVersion":"0.3.1","ips":[{"version":"4","address":"10.1.0.2/16","gateway":"10.1.0.1"}],"routes":["""
            + """{"dst":"0.0.0.0/0"}],"dns":{}}"""
    )]
    [InlineData(
        "1.1.0",
        """{"cniVersion":"1.1.0","ips":[{"address":"10.1.0.2/16","gateway":"10.1.0.1"}],"routes":[{"dst":"0.0.0.0/0"}]}"""
    )]
    [InlineData(
        "0.2.0",
        """{"cniVersion":"0.2.0","ip4":{"ip":"10.1.0.2/16","gateway":"10.1.0.1","routes":[{"dst":"0.0.0.0/0"}]},"dns":{}}"""
    )]
    public void Host_local_alone_prints_addresses_without_interfaces(string version, string golden)
    {
        using var node = new CniNode();
        var config = node.BridgeConfig($$"""{"cniVersion":"{{version}}"}""");
        var output = node.CallRaw("ADD", node.AddPod(), "host-local", config.ToJsonString(), []).Succeeded();
        Assert.Equal(golden, output.Json.ToJsonString());
    }

    [KernelTheory]
    [InlineData("0.1.0")]
    [InlineData("0.2.0")]
    public void Layer_2_has_no_form_before_0_3_0_and_only_the_bridge_is_made(string version)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var refused = node.Call("ADD", pod, node.Layer2Config($$"""{"cniVersion":"{{version}}"}"""));
        Assert.Equal(1, refused.ExitCode);
        Assert.Equal(("cannot convert: no valid IP addresses", ""), (refused.Message, refused.Details));
        Assert.Contains("set cniVersion to 0.3.0 or later", refused.Error, StringComparison.Ordinal);
        Assert.False(pod.HasLink("eth0"));
        Assert.Equal("", node.Tool("ip -brief link show type veth"));
        Assert.Equal("", node.Tool("ip -brief link show master cni0"));
    }

    [KernelFact]
    public void VERSION_is_one_line_and_wants_no_config()
    {
        using var node = new CniNode();
        Assert.Equal(
            """{"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}""" + "\n",
            node.CallRaw("VERSION", null, "bridge", "", []).Succeeded().Output
        );
    }

    [KernelFact]
    public void An_error_is_one_document_without_a_newline_at_its_end()
    {
        using var node = new CniNode();
        var output = node.Call("ADD", node.AddPod(), node.BridgeConfig("""{"mtu":-1}"""));
        Assert.Equal(
            """
            {
                "code": 7,
                "msg": "invalid mtu -1",
                "details": "mtu wants 68 to 65535 bytes, which is what a veth interface takes, or 0 for the kernel's default"
            }
            """,
            output.Output
        );
    }
}
