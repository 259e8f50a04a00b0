using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>
/// loopback as containerd and CRI-O call it before every pod's first network: CNI_IFNAME is lo, the config has a name and a type.
/// </summary>
public sealed class LoopbackTests
{
    [KernelFact]
    public void Result_and_state_are_the_references() =>
        Transcript.AssertSame(
            PluginDirectory.Reference,
            PluginDirectory.Ours,
            exactErrors: false,
            transcript =>
            {
                var pod = transcript.Node.AddPod(ifName: "lo");
                var config = Config("1.0.0");
                transcript.Call("ADD", pod, config).Succeeded();
                transcript.NoteKernel(pod, "lo");
                transcript.Call("ADD", pod, config).Succeeded();
                transcript.Call("CHECK", pod, config);
                transcript.Call("DEL", pod, config).Succeeded();
                transcript.NoteKernel(pod, "lo");
                transcript.Call("DEL", pod, config).Succeeded();
            }
        );

    // The reference prints what it has for 1.0.0 under the older versions' numbers.
    [KernelTheory]
    [InlineData("0.2.0", """{"cniVersion":"0.2.0","ip4":{"ip":"127.0.0.1/8"},"ip6":{"ip":"::1/128"},"dns":{}}""")]
    [InlineData(
        "0.3.1",
        """
            {"cniVersion":"0.3.1","interfaces":[{"name":"lo","mac":"00:00:00:00:00:00","sandbox":"NETNS"}],
            "ips":[{"version":"4","interface":0,"address":"127.0.0.1/8"},{"version":"6","interface":0,"address":"::1/128"}],"dns":{}}
            """
    )]
    public void An_older_version_has_its_own_form(string version, string expected)
    {
        using var node = new CniNode();
        var pod = node.AddPod(ifName: "lo");
        var output = node.Call("ADD", pod, Config(version)).Succeeded();
        Assert.Equal(expected.ReplaceLineEndings("").Replace("NETNS", pod.Path, StringComparison.Ordinal), output.Json.ToJsonString());
        node.Call("DEL", pod, Config(version)).Succeeded();
    }

    [KernelFact]
    public void A_result_of_1_1_0_names_lo_and_its_addresses()
    {
        using var node = new CniNode();
        var pod = node.AddPod(ifName: "lo");

        var output = node.Call("ADD", pod, Config("1.1.0")).Succeeded();

        Assert.Equal(
            $$"""
            {
                "cniVersion": "1.1.0",
                "interfaces": [
                    {
                        "mac": "00:00:00:00:00:00",
                        "name": "lo",
                        "sandbox": "{{pod.Path}}"
                    }
                ],
                "ips": [
                    {
                        "address": "127.0.0.1/8",
                        "interface": 0
                    },
                    {
                        "address": "::1/128",
                        "interface": 0
                    }
                ]
            }
            """,
            output.Output
        );
        pod.Tool("ping -c 1 -W 2 127.0.0.1");
        node.Call("CHECK", pod, Config("1.1.0")).Succeeded();
        node.Call("STATUS", null, Config("1.1.0")).Succeeded();
        node.Call("GC", null, Config("1.1.0")).Succeeded();
    }

    [KernelTheory]
    [InlineData("0.3.1")]
    [InlineData("1.0.0")]
    [InlineData("1.1.0")]
    public void In_a_chain_the_result_before_it_goes_on_as_it_was(string version)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var before = node.Call("ADD", pod, node.BridgeConfig(config => config["cniVersion"] = version)).Succeeded();

        var config = Config(version);
        config["prevResult"] = before.Json;
        var after = node.Call("ADD", pod, config).Succeeded();

        Assert.Equal(before.Output, after.Output);
        pod.Tool("ping -c 1 -W 2 127.0.0.1");
    }

    [KernelFact]
    public void An_address_on_lo_that_is_no_loopback_address_is_refused_as_by_the_reference() =>
        Transcript.AssertSame(
            PluginDirectory.Reference,
            PluginDirectory.Ours,
            exactErrors: false,
            static transcript =>
            {
                var pod = transcript.Node.AddPod(ifName: "lo");
                pod.Tool("ip address add 10.9.9.9/32 dev lo");
                Assert.Equal(1, transcript.Call("ADD", pod, Config("1.0.0")).ExitCode);
            }
        );

    [KernelFact]
    public void CHECK_tells_that_lo_is_down()
    {
        using var node = new CniNode();
        var pod = node.AddPod(ifName: "lo");
        node.Call("ADD", pod, Config("1.0.0")).Succeeded();
        pod.Tool("ip link set lo down");
        var output = node.Call("CHECK", pod, Config("1.0.0"));
        Assert.Equal((100, "loopback interface is down"), (output.Code, output.Message));
    }

    [KernelTheory]
    [InlineData("CNI_NETNS=")]
    [InlineData("CNI_NETNS=/proc/nowhere/ns/net")]
    public void DEL_of_a_pod_that_is_gone_succeeds(string variable)
    {
        using var node = new CniNode();
        node.Call("DEL", node.AddPod(ifName: "lo"), Config("1.0.0"), variable).Succeeded();
    }

    private static JsonObject Config(string version) =>
        new()
        {
            ["cniVersion"] = version,
            ["name"] = "cni-loopback",
            ["type"] = "loopback",
        };
}
