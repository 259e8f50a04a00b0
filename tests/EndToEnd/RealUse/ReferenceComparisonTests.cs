using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>
/// One config, two nodes: the reference's plugins on one, ours on the other. Results byte for byte, the kernel's state and the leases are
/// equal.
/// </summary>
public sealed class ReferenceComparisonTests
{
    private static readonly Dictionary<string, Action<JsonObject>> Configs = new(StringComparer.Ordinal)
    {
        ["layer 2"] = static config => Layer2(config),
        ["layer 2 with hairpin and MTU"] = static config =>
        {
            Layer2(config);
            config["hairpinMode"] = true;
            config["mtu"] = 1400;
        },
        ["no gateway"] = static config => config.Remove("isGateway"),
        ["gateway"] = static _ => { },
        ["default gateway"] = static config =>
        {
            config["isDefaultGateway"] = true;
            config["ipam"]!.AsObject().Remove("routes");
        },
        ["default gateway of both families"] = static config =>
        {
            DualStack(config);
            config["isDefaultGateway"] = true;
            config["ipam"]!.AsObject().Remove("routes");
        },
        ["hairpin"] = static config => config["hairpinMode"] = true,
        ["promiscuous"] = static config => config["promiscMode"] = true,
        ["MTU"] = static config => config["mtu"] = 1280,
        ["dual stack with routes"] = static config =>
        {
            DualStack(config);
            config["ipam"]!["routes"] = JsonNode.Parse(
                """
                [{"dst":"0.0.0.0/0"},{"dst":"::/0"},{"dst":"192.0.2.0/24","gw":"10.1.0.9"},{"dst":"2001:db8::/32","gw":"fd00:1::9"}]
                """
            );
        },
        ["duplicate address detection"] = static config =>
        {
            DualStack(config);
            config["enabledad"] = true;
        },
        ["gateway elsewhere in the subnet"] = static config =>
            config["ipam"]!["ranges"] = JsonNode.Parse(
                """[[{"subnet":"10.1.0.0/16","rangeStart":"10.1.4.2","rangeEnd":"10.1.4.9","gateway":"10.1.4.3"}]]"""
            ),
        ["MAC by convention"] = static config =>
            config["args"] = new JsonObject { ["cni"] = new JsonObject { ["mac"] = Transcript.FixedMac } },
        ["MAC by capability"] = static config => config["runtimeConfig"] = new JsonObject { ["mac"] = Transcript.FixedMac },
        ["address by capability"] = static config => config["runtimeConfig"] = new JsonObject { ["ips"] = new JsonArray("10.1.9.9/16") },
        ["range by capability"] = static config =>
        {
            config["ipam"]!.AsObject().Remove("ranges");
            config["runtimeConfig"] = JsonNode.Parse("""{"ipRanges":[[{"subnet":"10.7.0.0/24"}]]}""");
        },
        ["DNS"] = static config =>
            config["dns"] = JsonNode.Parse(
                """{"nameservers":["10.0.0.53"],"domain":"example.org","search":["a.example"],"options":["ndots:2"]}"""
            ),
    };

    public static TheoryData<string> ConfigNames => [.. Configs.Keys];

    [KernelTheory]
    [MemberData(nameof(ConfigNames))]
    public void Two_pods_come_and_go_as_with_the_reference(string name) =>
        Compare(transcript =>
        {
            var config = transcript.Node.BridgeConfig(Configs[name]);
            // A reference's CHECK always fails at layer 2, and the second of two pods may not have the same address.
            var isLayer3 = config.ContainsKey("ipam");
            PlayOnePod(transcript, config, check: isLayer3);
            if (!config.ContainsKey("runtimeConfig") && !config.ContainsKey("args"))
                PlayOnePod(transcript, config, check: isLayer3);
        });

    [KernelTheory]
    [InlineData("")]
    [InlineData("0.1.0")]
    [InlineData("0.2.0")]
    [InlineData("0.3.0")]
    [InlineData("0.3.1")]
    [InlineData("0.4.0")]
    [InlineData("1.0.0")]
    public void Every_version_has_the_results_of_the_reference(string version) =>
        Compare(transcript =>
        {
            var config = transcript.Node.BridgeConfig(config =>
            {
                DualStack(config);
                config["cniVersion"] = version;
                config["dns"] = JsonNode.Parse("""{"nameservers":["10.0.0.53"]}""");
            });
            PlayOnePod(transcript, config, check: version is "0.4.0" or "1.0.0");
            config["type"] = "host-local";
            var pod = transcript.Node.AddPod();
            transcript.Call("ADD", pod, config);
            transcript.NoteFiles();
            transcript.Call("DEL", pod, config);
            transcript.NoteFiles();
        });

    // A reference's CHECK wants such a route without the gateway that its own ADD gave it.
    [KernelFact]
    public void A_route_without_a_gateway_leads_to_the_first_one() =>
        Compare(static transcript =>
            PlayOnePod(
                transcript,
                transcript.Node.BridgeConfig(static config =>
                    config["ipam"]!["routes"] = JsonNode.Parse("""[{"dst":"198.51.100.0/28"},{"dst":"203.0.113.7/32"}]""")
                ),
                check: false
            )
        );

    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_bridge_with_another_address_is_kept_or_changed_as_with_the_reference(bool force) =>
        Compare(transcript =>
        {
            var node = transcript.Node;
            transcript.Call("ADD", node.AddPod(), node.BridgeConfig()).Succeeded();
            var pod = node.AddPod();
            transcript.Call(
                "ADD",
                pod,
                node.BridgeConfig(config =>
                {
                    config["name"] = "other";
                    config["forceAddress"] = force;
                    config["ipam"]!["ranges"] = JsonNode.Parse("""[[{"subnet":"10.2.0.0/16"}]]""");
                })
            );
            transcript.NoteFiles();
            if (force)
                transcript.NoteKernel(pod);
        });

    [KernelTheory]
    [InlineData("IgnoreUnknown=1;IP=10.1.5.5")]
    [InlineData("IgnoreUnknown=1;K8S_POD_NAME=web;IP=10.1.5.5")]
    [InlineData("IgnoreUnknown=true;MAC=" + Transcript.FixedMac)]
    public void CNI_ARGS_means_what_it_means_to_the_reference(string arguments) =>
        Compare(transcript =>
        {
            var variable = "CNI_ARGS=" + arguments;
            var config = transcript.Node.BridgeConfig();
            var pod = transcript.Node.AddPod();
            transcript.Call("ADD", pod, config, variable);
            transcript.NoteKernel(pod);
            transcript.NoteFiles();
            transcript.Call("CHECK", pod, config, variable);
            transcript.Call("DEL", pod, config, variable);
            transcript.NoteFiles();
        });

    [KernelFact]
    public void Resolv_conf_is_read_as_the_reference_reads_it() =>
        Compare(transcript =>
        {
            var path = Path.Combine(transcript.Node.Directory, "resolv.conf");
            File.WriteAllText(
                path,
                """
                # of a test
                nameserver 10.0.0.53
                nameserver 10.0.0.54
                search a.example b.example
                search c.example
                domain example.org
                options ndots:5 rotate
                ; end
                """
            );
            // Of host-local alone: the bridge of 1.1.1 does not pass the IPAM's name resolution on yet.
            transcript
                .Call(
                    "ADD",
                    transcript.Node.AddPod(),
                    transcript.Node.BridgeConfig(config =>
                    {
                        config["type"] = "host-local";
                        config["ipam"]!["resolvConf"] = path;
                    })
                )
                .Succeeded();
        });

    [KernelFact]
    public void A_small_range_is_walked_used_up_and_walked_again_as_by_the_reference() =>
        Compare(transcript =>
        {
            var config = transcript.Node.BridgeConfig(config =>
            {
                config["type"] = "host-local";
                config["ipam"]!["ranges"] = JsonNode.Parse("""[[{"subnet":"10.1.0.0/29"},{"subnet":"10.2.0.0/30"}]]""");
            });
            var pods = Enumerable.Range(0, 7).Select(_ => transcript.Node.AddPod()).ToArray();
            foreach (var pod in pods)
                transcript.Call("ADD", pod, config);
            transcript.NoteFiles();
            transcript.Call("DEL", pods[1], config);
            transcript.Call("DEL", pods[4], config);
            transcript.Call("ADD", pods[6], config);
            transcript.Call("ADD", transcript.Node.AddPod("late"), config);
            transcript.NoteFiles();
        });

    private static void PlayOnePod(Transcript transcript, JsonObject config, bool check)
    {
        var pod = transcript.Node.AddPod();
        transcript.Call("ADD", pod, config);
        transcript.NoteKernel(pod);
        transcript.NoteFiles();
        if (check)
            transcript.Call("CHECK", pod, config);
        transcript.Call("DEL", pod, config);
        transcript.NoteKernel(pod);
        transcript.NoteFiles();
    }

    private static void Compare(Action<Transcript> scenario) =>
        Transcript.AssertSame(PluginDirectory.Reference, PluginDirectory.Ours, exactErrors: false, scenario);

    private static void Layer2(JsonObject config)
    {
        config.Remove("ipam");
        config.Remove("isGateway");
    }

    private static void DualStack(JsonObject config) =>
        config["ipam"]!["ranges"]!.AsArray().Add(new JsonArray(new JsonObject { ["subnet"] = "fd00:1::/64" }));
}
