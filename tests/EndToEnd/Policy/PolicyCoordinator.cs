using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Policy;

/// <summary>
/// A node with the published coordinator and its network policy: pods of namespace x, of which those with role locked may send nothing,
/// and a pod z/sink. No object has an address.
/// </summary>
internal sealed class PolicyCoordinator : IDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);
    private readonly string flags;
    private string? process;

    public PolicyCoordinator(int pods, string flags, string plugin = "bridge")
    {
        this.flags = flags;
        Config = Node.BridgeConfig(config =>
        {
            config["type"] = plugin;
            if (plugin == "ptp")
                config.Remove("bridge");
        });
        Node.Tool("ip link add eth1 type veth peer name eth1peer");
        Node.Tool("ip link set eth1peer up");
        Node.Tool("ip addr add 192.0.2.1/24 dev eth1");
        Node.Tool("ip link set eth1 up");
        File.WriteAllText(
            PathOf("peers.yaml"),
            "network: {Network: 10.0.0.0/8, Backend: {Type: alloc}}\nnodes: [{name: n1, podCIDRs: [10.1.0.0/16], addresses: [192.0.2.1]}]\n"
        );
        File.WriteAllText(
            PathOf("policies.yaml"),
            "kind: NetworkPolicy\nmetadata: {name: locked, namespace: x}\n"
                + "spec: {podSelector: {matchLabels: {role: locked}}, policyTypes: [Egress]}\n"
        );
        var text = new StringBuilder("kind: Pod\nmetadata: {name: sink, namespace: z}\nspec: {nodeName: n1}\n");
        for (var i = 0; i < pods; i++)
            text.Append(
                CultureInfo.InvariantCulture,
                $"---\nkind: Pod\nmetadata: {{name: p{i}, namespace: x, labels: {{role: {RoleOf(i)}}}}}\nspec: {{nodeName: n1}}\n"
            );
        File.WriteAllText(PathOf("pods.yaml"), text.ToString());
    }

    public CniNode Node { get; } = new();

    public JsonObject Config { get; }

    public static string RoleOf(int pod) => pod % 2 == 0 ? "locked" : "free";

    /// <summary>Writes pods with their addresses, as the API server has them later.</summary>
    public void WritePods(IEnumerable<(string Name, string Address)> pods)
    {
        var text = new StringBuilder();
        foreach (var (name, address) in pods)
        {
            var role = name.StartsWith("x/p", StringComparison.Ordinal) ? RoleOf(name[^1] - '0') : "sink";
            text.Append(
                CultureInfo.InvariantCulture,
                $"---\nkind: Pod\nmetadata: {{name: {name[2..]}, namespace: {name[..1]}, labels: {{role: {role}}}}}\n"
                    + $"spec: {{nodeName: n1}}\nstatus: {{podIPs: [{{ip: {address}}}]}}\n"
            );
        }

        File.WriteAllText(PathOf("pods.new"), text.ToString());
        File.Move(PathOf("pods.new"), PathOf("pods.yaml"), overwrite: true);
    }

    public string PathOf(string name) => Path.Combine(Node.Directory, name);

    public string Log => File.Exists(PathOf("log")) ? File.ReadAllText(PathOf("log")) : "";

    /// <summary>Starts it; its rules are there when it returns.</summary>
    public void Start()
    {
        var coordinator = Path.Combine(PluginDirectory.Ours, "coordinator");
        // It ends though this test's process be killed.
        var command =
            $"timeout 300 {coordinator} run --node-name n1 --peers-file {PathOf("peers.yaml")} --network-policy files "
            + $"--policy-dir {Node.Directory} {flags} > {PathOf("log")} 2>&1 < /dev/null & echo $!";
        process = Node.TryTool(["sh", "-c", command]).Output.Trim();
        Until(
            () =>
                Node.TryTool(["nft", "list", "table", "inet", "plugboard_policy"]).ExitCode == 0
                && Node.TryTool(["test", "-e", "/run/plugboard/policy/wait"]).ExitCode == 0
                && Log.Contains("eth1", StringComparison.Ordinal),
            "it has started"
        );
    }

    /// <summary>Ends it at once.</summary>
    public void Kill() => End("kill -9 $child $timeout");

    /// <summary>Ends it as a service manager does.</summary>
    public void Stop() => End("kill $child; while kill -0 $child; do sleep 0.01; done");

    // The shell's child is timeout(1), and its child is the coordinator.
    private void End(string how)
    {
        if (process is not null)
            Node.TryTool(["timeout", "20", "sh", "-c", $"timeout={process}; child=$(cat /proc/{process}/task/{process}/children); {how}"]);
        process = null;
    }

    /// <summary>Removes all that it made.</summary>
    public void CleanUp() =>
        Node.Tool(
            $"{Path.Combine(PluginDirectory.Ours, "coordinator")} cleanup --node-name n1 --peers-file {PathOf("peers.yaml")} "
                + $"--network-policy files --policy-dir {Node.Directory}"
        );

    public CniOutput Add(CniPod pod, string home, string name) =>
        Node.CallBeside("ADD", pod, Config, $"CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE={home};K8S_POD_NAME={name}");

    public TimeSpan Until(Func<bool> isSo, string what)
    {
        var clock = Stopwatch.StartNew();
        using var pause = new ManualResetEventSlim();
        while (!isSo())
        {
            Assert.True(clock.Elapsed < patience, $"not so: {what}\n{Log}");
            pause.Wait(TimeSpan.FromMilliseconds(5));
        }

        return clock.Elapsed;
    }

    public void Dispose()
    {
        Kill();
        Node.Dispose();
    }
}
