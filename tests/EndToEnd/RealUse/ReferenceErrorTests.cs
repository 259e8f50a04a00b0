using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>
/// Wrong input has the reference's text: people search for it, and tools match it. Codes are better than its 999, and details are ours.
/// </summary>
public sealed class ReferenceErrorTests
{
    private static readonly Dictionary<string, string> WrongConfigs = new(StringComparer.Ordinal)
    {
        ["no name"] = """{"cniVersion":"1.0.0","type":"TYPE"}""",
        ["empty name"] = """{"cniVersion":"1.0.0","type":"TYPE","name":""}""",
        ["odd name"] = """{"cniVersion":"1.0.0","type":"TYPE","name":"a b"}""",
        ["no input"] = "",
        ["unknown version"] = """{"cniVersion":"9.9.9","type":"TYPE","name":"test"}""",
        ["short version"] = """{"cniVersion":"1.0","type":"TYPE","name":"test"}""",
    };

    private static readonly Dictionary<string, string> WrongBridges = new(StringComparer.Ordinal)
    {
        ["VLAN too high"] = """ "vlan":4095""",
        ["VLAN below zero"] = """ "vlan":-1""",
        ["IPAM that is not there"] = """ "ipam":{"type":"nowhere"}""",
        ["IPAM with a path"] = """ "ipam":{"type":"../host-local"}""",
        ["IPAM without ranges"] = """ "ipam":{"type":"host-local","dataDir":"DATA"}""",
    };

    private static readonly Dictionary<string, string> WrongRanges = new(StringComparer.Ordinal)
    {
        ["no ranges"] = "",
        ["empty list of ranges"] = """ "ranges":[]""",
        ["empty range set"] = """ "ranges":[[]]""",
        ["no subnet"] = """ "ranges":[[{}]]""",
        ["host bits"] = """ "ranges":[[{"subnet":"192.0.2.7/24"}]]""",
        ["too small"] = """ "ranges":[[{"subnet":"192.0.2.0/31"}]]""",
        ["too small for one"] = """ "ranges":[[{"subnet":"192.0.2.1/32"}]]""",
        ["start outside"] = """ "ranges":[[{"subnet":"192.0.2.0/24","rangeStart":"192.0.3.1"}]]""",
        ["end outside"] = """ "ranges":[[{"subnet":"192.0.2.0/24","rangeEnd":"192.0.3.1"}]]""",
        ["start after end"] = """ "ranges":[[{"subnet":"192.0.2.0/24","rangeStart":"192.0.2.9","rangeEnd":"192.0.2.3"}]]""",
        ["mixed families"] = """ "ranges":[[{"subnet":"192.0.2.0/24"},{"subnet":"2001:db8::/64"}]]""",
        ["overlap in a set"] = """ "ranges":[[{"subnet":"10.1.0.0/22"},{"subnet":"10.1.2.0/24"}]]""",
        ["overlap of sets"] = """ "ranges":[[{"subnet":"10.1.0.0/22"}],[{"subnet":"10.1.2.0/24"}]]""",
    };

    public static TheoryData<string> WrongConfigNames => [.. WrongConfigs.Keys];

    public static TheoryData<string> WrongBridgeNames => [.. WrongBridges.Keys];

    public static TheoryData<string> WrongRangeNames => [.. WrongRanges.Keys];

    [KernelTheory]
    [MemberData(nameof(WrongConfigNames))]
    public void A_config_that_no_plugin_takes(string name) =>
        Compare(transcript =>
        {
            foreach (var plugin in new[] { "bridge", "host-local", "loopback" })
                Refused(transcript, plugin, WrongConfigs[name].Replace("TYPE", plugin, StringComparison.Ordinal));
        });

    [KernelTheory]
    [MemberData(nameof(WrongBridgeNames))]
    public void A_config_that_bridge_does_not_take(string name) =>
        Compare(transcript => Refused(transcript, "bridge", Body(transcript, "bridge", WrongBridges[name])));

    // 1.1.1 still ends the first with a full stop; the second is the same without what the reference was doing.
    [KernelTheory]
    [InlineData(""" "hairpinMode":true,"promiscMode":true""", "cannot set hairpin mode and promiscuous mode at the same time")]
    [InlineData(""" "args":{"cni":{"mac":"nonsense"}}""", "address nonsense: invalid MAC address")]
    public void A_config_that_bridge_refuses_in_other_words(string keys, string message)
    {
        using var node = new CniNode();
        var input = $$"""{"cniVersion":"1.0.0","name":"test","type":"bridge",{{keys}}}""";
        Assert.Equal(message, node.CallRaw("ADD", node.AddPod(), "bridge", input, []).Message);
        node.Plugins = PluginDirectory.Reference;
        Assert.Contains(message, node.CallRaw("ADD", node.AddPod(), "bridge", input, []).Message, StringComparison.Ordinal);
    }

    [KernelTheory]
    [MemberData(nameof(WrongRangeNames))]
    public void Ranges_that_host_local_does_not_take(string name) =>
        Compare(transcript =>
        {
            var ranges = WrongRanges[name].Length == 0 ? "" : "," + WrongRanges[name];
            Refused(
                transcript,
                "host-local",
                Body(transcript, "host-local", $$""" "ipam":{"type":"host-local","dataDir":"DATA"{{ranges}}}""")
            );
        });

    [KernelTheory]
    [InlineData("CNI_CONTAINERID=")]
    [InlineData("CNI_CONTAINERID=a/b")]
    [InlineData("CNI_NETNS=")]
    [InlineData("CNI_IFNAME=")]
    [InlineData("CNI_IFNAME=a-name-that-is-too-long")]
    [InlineData("CNI_IFNAME=..")]
    [InlineData("CNI_IFNAME=a:b")]
    [InlineData("CNI_PATH=")]
    [InlineData("CNI_COMMAND=FOO")]
    [InlineData("CNI_ARGS=IP")]
    [InlineData("CNI_ARGS=IP=nonsense")]
    [InlineData("CNI_ARGS=K8S_POD_NAME=web")]
    [InlineData("CNI_ARGS=IP=10.9.9.9")]
    [InlineData("CNI_ARGS=IP=10.1.0.1")]
    public void A_variable_that_is_wrong_or_missing(string variable) =>
        Compare(transcript =>
        {
            var config = transcript.Node.BridgeConfig(static config => config["type"] = "host-local");
            Assert.Equal(1, transcript.Call("ADD", transcript.Node.AddPod(), config, variable).ExitCode);
        });

    [KernelTheory]
    [InlineData("/proc/nowhere/ns/net")]
    [InlineData("/etc/passwd")]
    public void A_namespace_that_is_none(string path) =>
        Compare(transcript =>
        {
            var config = transcript.Node.BridgeConfig();
            Assert.Equal(1, transcript.Call("ADD", transcript.Node.AddPod(), config, "CNI_NETNS=" + path).ExitCode);
        });

    [KernelFact]
    public void A_bridge_that_is_no_bridge() =>
        Compare(static transcript =>
        {
            transcript.Node.Tool("ip link add cni0 type veth peer name other");
            Assert.Equal(1, transcript.Call("ADD", transcript.Node.AddPod(), transcript.Node.BridgeConfig()).ExitCode);
        });

    [KernelFact]
    public void A_second_ADD_of_the_same_address_and_of_the_same_container() =>
        Compare(static transcript =>
        {
            var config = transcript.Node.BridgeConfig(static config => config["type"] = "host-local");
            var pod = transcript.Node.AddPod();
            transcript.Call("ADD", pod, config).Succeeded();
            Assert.Equal(1, transcript.Call("ADD", transcript.Node.AddPod(), config, "CNI_ARGS=IP=10.1.0.2").ExitCode);
            Assert.Equal(1, transcript.Call("ADD", pod, config).ExitCode);
            transcript.NoteFiles();
        });

    [KernelTheory]
    [InlineData("bridge")]
    [InlineData("host-local")]
    public void CHECK_of_what_was_never_added_and_of_a_version_without_it(string plugin) =>
        Compare(transcript =>
        {
            var config = transcript.Node.BridgeConfig(config => config["type"] = plugin);
            Assert.Equal(1, transcript.Call("CHECK", transcript.Node.AddPod(), config).ExitCode);
            config["cniVersion"] = "0.3.1";
            Assert.Equal(1, transcript.Call("CHECK", transcript.Node.AddPod(), config).ExitCode);
        });

    private static void Refused(Transcript transcript, string plugin, string input) =>
        Assert.Equal(1, transcript.CallRaw("ADD", transcript.Node.AddPod(), plugin, input).ExitCode);

    private static string Body(Transcript transcript, string plugin, string keys)
    {
        var own = keys.Replace("DATA", transcript.Node.DataDirectory, StringComparison.Ordinal);
        return $$"""{"cniVersion":"1.0.0","name":"test","type":"{{plugin}}",{{own}}}""";
    }

    private static void Compare(Action<Transcript> scenario) =>
        Transcript.AssertSame(PluginDirectory.Reference, PluginDirectory.Ours, exactErrors: false, scenario);
}
