using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>
/// An IPAM plugin that is a shell script: a good one works, a bad one is reported as the reference reports it, and nothing stays behind.
/// </summary>
public sealed class OtherDelegateTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("plugboard-test");

    private static readonly Dictionary<string, string> Bad = new(StringComparer.Ordinal)
    {
        ["prints no JSON and exits with 1"] = "echo no json; exit 1",
        ["exits with 1 without a word"] = "exit 1",
        ["exits with 3 and a word on stderr"] = "echo 'what now' >&2; exit 3",
        ["prints an error object"] = """echo '{"code":123,"msg":"none left","details":"buy some"}'; exit 1""",
        ["prints nothing and exits with 0"] = "exit 0",
        ["gives no address"] = """echo '{"cniVersion":"1.0.0"}'""",
        ["kills itself"] = "kill -9 $$",
    };

    public static TheoryData<string> BadNames => [.. Bad.Keys];

    // What is wrong with JSON every parser says in its own words.
    public static TheoryData<string> ComparableNames =>
        [.. Bad.Keys.Where(static name => !name.Contains("JSON", StringComparison.Ordinal))];

    public void Dispose() => directory.Delete(recursive: true);

    [KernelFact]
    public void A_script_gives_addresses()
    {
        using var node = new CniNode();
        node.Plugins = WithScript(
            "good",
            """test $CNI_COMMAND = ADD && echo '{"cniVersion":"1.0.0","ips":[{"address":"10.1.0.77/24"}]}'; exit 0"""
        );
        var pod = node.AddPod();
        var config = node.BridgeConfig();

        node.Call("ADD", pod, config).Succeeded();
        Assert.Equal("10.1.0.77", pod.Address);
        pod.Tool("ping -c 1 -W 2 10.1.0.1");
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();

        Assert.Equal(["ADD", "CHECK", "DEL"], Verbs("good"));
    }

    [KernelFact]
    public void A_script_gets_the_config_byte_for_byte_and_the_environment_of_the_call()
    {
        using var node = new CniNode();
        node.Plugins = WithScript("curious", $"cat > {directory.FullName}/input; env > {directory.FullName}/environment; echo '{{}}'");
        var input = node.BridgeConfig().ToJsonString().Replace(",", " ,\n", StringComparison.Ordinal);
        var pod = node.AddPod();

        node.CallRaw("ADD", pod, "bridge", input, [], "CNI_ARGS=IgnoreUnknown=1;A=b", "COLOUR=blue");

        Assert.Equal(input, File.ReadAllText($"{directory.FullName}/input"));
        var environment = File.ReadAllLines($"{directory.FullName}/environment");
        Assert.Contains("CNI_ARGS=IgnoreUnknown=1;A=b", environment);
        Assert.Contains("CNI_CONTAINERID=" + pod.ContainerId, environment);
        Assert.Contains("CNI_NETNS=" + pod.Path, environment);
        Assert.Contains("CNI_IFNAME=eth0", environment);
        Assert.Contains("CNI_PATH=" + node.Plugins, environment);
        Assert.Contains("COLOUR=blue", environment);
    }

    [KernelTheory]
    [MemberData(nameof(ComparableNames))]
    public void A_bad_delegate_is_reported_as_by_the_reference(string name)
    {
        var reference = WithScript("reference", Bad[name], PluginDirectory.Reference);
        var ours = WithScript("ours", Bad[name]);
        Transcript.AssertSame(
            reference,
            ours,
            exactErrors: false,
            transcript => Assert.Equal(1, transcript.Call("ADD", transcript.Node.AddPod(), transcript.Node.BridgeConfig()).ExitCode)
        );
    }

    [KernelTheory]
    [MemberData(nameof(BadNames))]
    public void A_bad_delegate_is_called_to_undo_what_it_may_have_done_and_leaves_nothing(string name)
    {
        using var node = new CniNode();
        node.Plugins = WithScript("ours", Bad[name]);
        var pod = node.AddPod();

        node.Call("ADD", pod, node.BridgeConfig());

        Assert.Equal(["ADD", "DEL"], Verbs("ours"));
        Assert.Equal(
            "lo",
            string.Join(
                ' ',
                node.Json("ip -j link").EnumerateArray().Select(static link => (string?)link.GetProperty("ifname").GetString())
            )
        );
        Assert.Equal("", pod.Tool("ip -brief link show type veth"));
    }

    [KernelFact]
    public void What_a_delegate_says_instead_of_an_error_object_is_quoted()
    {
        using var node = new CniNode();
        node.Plugins = WithScript("ours", Bad["prints no JSON and exits with 1"]);
        var output = node.Call("ADD", node.AddPod(), node.BridgeConfig());
        Assert.StartsWith(
            """netplugin failed but error parsing its diagnostic message "no json\n": """,
            output.Message,
            StringComparison.Ordinal
        );
        Assert.Equal($"host-local is {node.Plugins}/host-local", output.Details);
    }

    [KernelFact]
    public void An_error_object_keeps_its_code_text_and_details()
    {
        using var node = new CniNode();
        node.Plugins = WithScript("ours", Bad["prints an error object"]);
        foreach (var verb in new[] { "ADD", "CHECK", "DEL" })
        {
            var output = node.Call(verb, node.AddPod(), node.BridgeConfig());
            Assert.Equal((123, "none left", "buy some"), (output.Code, output.Message, output.Details));
        }
    }

    [KernelTheory]
    [InlineData("ADD")]
    [InlineData("CHECK")]
    [InlineData("DEL")]
    [InlineData("STATUS")]
    public void A_delegate_that_is_missing_is_named(string verb)
    {
        using var node = new CniNode();
        node.Plugins = PluginDirectory.With(Path.Combine(directory.FullName, "empty"), "host-local", null);
        var output = node.Call(
            verb,
            verb == "STATUS" ? null : node.AddPod(),
            node.BridgeConfig(static config => config["cniVersion"] = "1.1.0")
        );
        Assert.Equal(4, output.Code);
        Assert.Equal($"failed to find plugin \"host-local\" in path [{node.Plugins}]", output.Message);
        Assert.Equal("", node.Tool("ip -brief link show type veth"));
    }

    // The script notes the verb of each call.
    private string WithScript(string name, string body, string? bridge = null) =>
        PluginDirectory.With(
            Path.Combine(directory.FullName, name),
            "host-local",
            System.Text.Encoding.UTF8.GetBytes($"#!/bin/sh\necho $CNI_COMMAND >> {directory.FullName}/{name}.verbs\n{body}\n"),
            bridge
        );

    private string[] Verbs(string name) => File.ReadAllLines(Path.Combine(directory.FullName, name + ".verbs"));
}
