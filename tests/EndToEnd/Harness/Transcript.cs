using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>
/// What a scenario showed on its node, a line a fact. What differs from one node to another without meaning is made equal: hardware
/// addresses that are not <see cref="FixedMac"/>, the hex digits of veth names, the paths of namespaces, of the node's directory and of the
/// executables.
/// </summary>
internal sealed partial class Transcript(CniNode node, bool exactErrors)
{
    /// <summary>A hardware address that a test gives.</summary>
    public const string FixedMac = "02:11:22:33:44:55";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly List<string> lines = [];

    /// <summary>Where it happens.</summary>
    public CniNode Node { get; } = node;

    /// <summary>Plays a scenario on two nodes, each with its own executables, and fails the test unless both show the same.</summary>
    /// <param name="expected">The directory of the executables to be measured by.</param>
    /// <param name="actual">The directory of those that are measured.</param>
    /// <param name="exactErrors">Whether of an error everything is compared, or its text only.</param>
    /// <param name="scenario">What is done.</param>
    public static void AssertSame(string expected, string actual, bool exactErrors, Action<Transcript> scenario)
    {
        var (wanted, got) = (Play(expected, exactErrors, scenario), Play(actual, exactErrors, scenario));
        string[] report =
        [
            .. wanted.Except(got).Select(static line => "- " + line),
            .. got.Except(wanted).Select(static line => "+ " + line),
        ];
        Assert.True(report.Length == 0, string.Join('\n', report));
        Assert.Equal(wanted, got);
    }

    private static List<string> Play(string plugins, bool exactErrors, Action<Transcript> scenario)
    {
        using var node = new CniNode { Plugins = plugins };
        var transcript = new Transcript(node, exactErrors);
        scenario(transcript);
        return transcript.lines;
    }

    /// <summary>Makes a call as <see cref="CniNode.Call"/> does and notes what it left.</summary>
    public CniOutput Call(string verb, CniPod? pod, JsonObject config, params string[] variables)
    {
        var output = Node.Call(verb, pod, config, variables);
        Note($"{verb} {pod?.ContainerId}", output);
        return output;
    }

    /// <summary>Makes a call with any input and notes what it left.</summary>
    public CniOutput CallRaw(string verb, CniPod? pod, string plugin, string input, params string[] variables)
    {
        var output = Node.CallRaw(verb, pod, plugin, input, [], variables);
        Note($"{verb} {pod?.ContainerId}", output);
        return output;
    }

    /// <summary>Notes the kernel's state on the node and in a pod.</summary>
    public void NoteKernel(CniPod pod, string bridge = "cni0")
    {
        WaitForDuplicateDetection();
        NoteSorted("node", KernelState.Of(Node, bridge, "all"));
        NoteSorted(pod.ContainerId, KernelState.Of(pod, pod.IfName, "lo", "all"));
        Note("node", [Node.ReadSysctl("net/ipv4/ip_forward")]);
    }

    // The reference lets the kernel ask around for the gateway's twin on the bridge, ours does not: the routes of both are there once it
    // has.
    private void WaitForDuplicateDetection()
    {
        var patience = Stopwatch.StartNew();
        using var pause = new ManualResetEventSlim();
        while (patience.Elapsed < TimeSpan.FromSeconds(5) && Node.Tool("ip -6 address show scope global tentative up").Length > 0)
            pause.Wait(TimeSpan.FromMilliseconds(50));
    }

    /// <summary>Notes what a tool printed, in an order that no random name decides.</summary>
    public void Note(string subject, string output) => NoteSorted(subject, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Notes every lease file with its bytes. The index of owners is ours alone.</summary>
    public void NoteFiles()
    {
        var files = Directory.Exists(Node.DataDirectory) ? Directory.GetFiles(Node.DataDirectory, "*", SearchOption.AllDirectories) : [];
        Note(
            "file",
            files
                .Where(static file => !file.Contains("/.owners/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(static file => $"{file} {Convert.ToHexString(File.ReadAllBytes(file))}")
        );
    }

    private void Note(string subject, CniOutput output)
    {
        if (exactErrors)
            Note(subject, [$"exit {output.ExitCode}", .. $"{output.Output}{output.Error}".Split('\n')]);
        else if (output.ExitCode == 0)
            Note(subject, ResultLines(output.Output));
        else
            Note(subject, [$"exit {output.ExitCode}", output.Message]);
    }

    // 1.1.1 prints a result of 1.0.0 in the key order of 0.4.0 and with an empty dns; all others are compared to the byte.
    private static string[] ResultLines(string output)
    {
        if (output.Length == 0 || JsonNode.Parse(output) is not JsonObject result || (string?)result["cniVersion"] != "1.0.0")
            return output.Split('\n');
        if (result["dns"] is JsonObject { Count: 0 })
            result.Remove("dns");
        return Ordered(result)!.ToJsonString(Indented).Split('\n');
    }

    /// <summary>The same JSON with the members of each object in the order of their names.</summary>
    public static JsonNode? Ordered(JsonNode? node) =>
        node switch
        {
            JsonObject members => new JsonObject(
                members
                    .OrderBy(static member => member.Key, StringComparer.Ordinal)
                    .Select(static member => KeyValuePair.Create(member.Key, Ordered(member.Value)))
            ),
            JsonArray items => new JsonArray([.. items.Select(Ordered)]),
            _ => node?.DeepClone(),
        };

    private void Note(string subject, IEnumerable<string> facts) => lines.AddRange(facts.Select(fact => $"{subject}: {Generalised(fact)}"));

    // In an order that no random name decides.
    private void NoteSorted(string subject, IEnumerable<string> facts) =>
        lines.AddRange(facts.Select(fact => $"{subject}: {Generalised(fact)}").Order(StringComparer.Ordinal));

    private string Generalised(string text)
    {
        text = text.Replace(Node.Directory, "NODE", StringComparison.Ordinal).Replace(Node.Plugins, "PLUGINS", StringComparison.Ordinal);
        text = NamespacePath().Replace(text, "NETNS");
        text = VethName().Replace(text, "veth*");
        return MacOrEui().Replace(text, static found => found.Value == FixedMac ? FixedMac : "MAC");
    }

    [GeneratedRegex("/proc/[0-9]+/task/[0-9]+/ns/net", RegexOptions.None, 1000)]
    private static partial Regex NamespacePath();

    [GeneratedRegex("veth[0-9a-f]{8}", RegexOptions.None, 1000)]
    private static partial Regex VethName();

    // ip(8) prints the leading zeros of a MAC, but not those of a bridge's id.
    [GeneratedRegex(
        @"(?<![0-9a-f:])(?!ff:ff:ff:ff:ff:ff)([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}(?![0-9a-f:])",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex MacOrEui();
}
