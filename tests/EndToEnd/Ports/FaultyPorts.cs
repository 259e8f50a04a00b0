using System.Text.Json.Nodes;
using Plugboard.Linux;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>
/// A node with a pod whose calls of one plugin go wrong, a next one whose calls must not, and, where rules are kept, a neighbour who is to
/// notice nothing.
/// </summary>
internal sealed class FaultyPorts : IDisposable
{
    private static readonly string[] Mappings = ["8080:80", "8080:80/udp"];
    private static readonly string[] NextMappings = ["8080:80/udp", "8082:80", "[fd00:9::1]:8083:80"];

    private readonly PortNode node;
    private readonly CniPod next;
    private readonly JsonObject config;
    private readonly JsonObject nextConfig;
    private readonly bool isPortmap;
    private readonly bool isFresh;
    private IReadOnlyList<string> clean = [];
    private int attempts;

    /// <summary>Makes the node.</summary>
    /// <param name="plugin">portmap, or bridge with ipMasq and macspoofchk.</param>
    /// <param name="conditions">What conditionsV4 says.</param>
    /// <param name="isFresh">Each attempt begins without any rules.</param>
    public FaultyPorts(string plugin, string conditions = "", bool isFresh = false)
    {
        isPortmap = plugin == "portmap";
        this.isFresh = isFresh;
        node = new PortNode(
            portmap =>
            {
                if (conditions.Length > 0)
                    portmap["conditionsV4"] = new JsonArray([.. conditions.Split(' ').Select(static word => JsonValue.Create(word))]);
            },
            bridge =>
            {
                bridge["ipMasq"] = !isPortmap;
                bridge["macspoofchk"] = !isPortmap;
            }
        );
        Pod = node.Node.AddPod();
        next = node.Node.AddPod();
        if (!isFresh)
            node.AddPod("9090:80", "9090:80/udp");
        config = ConfigFor(Pod, Mappings);
        nextConfig = ConfigFor(next, NextMappings);
        if (isPortmap)
            node.Serve(Pod);
        else
            Succeed("ADD");
        if (!isPortmap)
            Succeed("DEL");
    }

    /// <summary>The pod whose calls go wrong.</summary>
    public CniPod Pod { get; }

    /// <summary>How many plugins were ended.</summary>
    public int Kills { get; private set; }

    private JsonObject ConfigFor(CniPod pod, string[] mappings)
    {
        if (!isPortmap)
            return node.Chain.Config(node.Bridge, null);
        node.Node.CallBeside("ADD", pod, node.Chain.Config(node.Bridge, null)).Succeeded();
        var made = node.Chain.Config(node.Portmap, PortNode.Ports(mappings));
        made["prevResult"] = pod.Result!.DeepClone();
        return made;
    }

    public CniOutput Try(string verb) => node.Node.CallBeside(verb, Pod, config);

    public void Succeed(string verb) => Try(verb).Succeeded();

    /// <summary>Lists the system calls of a verb, and undoes what it did.</summary>
    public IReadOnlyList<SystemCall> Record(string verb)
    {
        Reset();
        var calls = Strace.Record(node.Node, verb, Pod, config);
        Succeed("DEL");
        Forget();
        clean = State();
        return calls;
    }

    /// <summary>Rules as before the first pod's, where that is wanted.</summary>
    public void Reset()
    {
        if (!isFresh)
            return;
        node.Node.Tool("nft flush ruleset");
        node.Node.Run(() =>
        {
            if (Directory.Exists("/run/plugboard"))
                Directory.Delete("/run/plugboard", recursive: true);
            if (isPortmap)
                Sysctl.Write("net/ipv4/conf/cni0/route_localnet", "0");
        });
    }

    /// <summary>A result is kept of the last ADD only.</summary>
    public void Forget()
    {
        if (!isPortmap)
            Pod.Result = null;
    }

    /// <summary>Has the kernel remember a client of the UDP port.</summary>
    public void MeetClient()
    {
        if (isPortmap)
            node.Other.AskUdp("192.0.2.1:8080");
    }

    public CniOutput Inject(SystemCall call, string fault, string verb) => Fault.Inject(node.Node, call, fault, verb, Pod, config);

    /// <summary>Ends the plugin before it does that call.</summary>
    public void Kill(SystemCall call, string verb)
    {
        if (Inject(call, Fault.Kill, verb).ExitCode != 0)
            Kills++;
    }

    /// <summary>
    /// What differs from before any call went wrong; every third time also after the next pod's calls, each of which must go well.
    /// </summary>
    public IEnumerable<string> Leftovers()
    {
        var findings = RuleState.Difference(clean, State()).ToList();
        if (attempts++ % 3 == 0)
        {
            AddAndDeleteNext();
            findings.AddRange(RuleState.Difference(clean, State()).Select(static each => "after the next pod: " + each));
        }

        return findings;
    }

    private void AddAndDeleteNext()
    {
        node.Node.CallBeside("ADD", next, nextConfig).Succeeded();
        node.Node.CallBeside("CHECK", next, nextConfig).Succeeded();
        node.Node.CallBeside("DEL", next, nextConfig).Succeeded();
        if (!isPortmap)
            next.Result = null;
    }

    private IReadOnlyList<string> State()
    {
        var rules = RuleState.Of(node.Node);
        if (isPortmap)
            return rules;
        var links = node.Node.Tool("ip -o link show master cni0").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return
        [
            .. rules,
            .. node.Node.Leases().Keys.Select(static each => "lease " + each),
            .. links.Select(static line => "link " + line.Split(' ')[1]),
        ];
    }

    /// <summary>portmap's last step.</summary>
    public string RouteLocalnet() => isPortmap ? node.Node.Run(static () => Sysctl.Find("net/ipv4/conf/cni0/route_localnet") ?? "") : "";

    /// <summary>Tries each call and fails with all that any of them left.</summary>
    public void ForEach(IEnumerable<SystemCall> calls, Func<SystemCall, IEnumerable<string>> attempt) =>
        Strace.ForEach(calls, attempt, recover: () => Try("DEL"));

    /// <summary>True for calls that ask or change something outside; the others differ from their neighbours in nothing.</summary>
    public static bool IsOfRules(SystemCall call) =>
        call.Name is "sendto" or "recvfrom" or "openat" or "linkat" or "unlinkat" or "write" or "socket" or "mkdirat" or "pread64";

    public void Dispose() => node.Dispose();
}
