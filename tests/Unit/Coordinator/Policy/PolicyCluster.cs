using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Policy.Reading;
using Plugboard.Firewall.Ports;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>
/// A small cluster: namespaces x, y, z with pods a, b, c each; what a test asks is asked of oracle and compiled rules alike.
/// </summary>
internal sealed class PolicyCluster
{
    private static readonly PolicyFileReader Reader = new(new PolicyLimits(), readsCluster: true);

    private readonly Dictionary<ObjectName, PolicyPod> pods = [];
    private readonly Dictionary<string, PolicyNamespace> namespaces = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PolicyNode> nodes = new(StringComparer.Ordinal);
    private Dictionary<ObjectName, NetworkPolicy> policies = [];
    private Dictionary<string, ClusterPolicy> clusterPolicies = [];

    public PolicyCluster()
    {
        foreach (var (home, i) in new[] { "x", "y", "z" }.Select(static (home, i) => (home, i)))
        {
            Set(new PolicyNamespace(home, Labels.Of([new Label("ns", home), new Label(PolicyNamespace.NameLabel, home)])));
            foreach (var (name, j) in new[] { "a", "b", "c" }.Select(static (name, j) => (name, j)))
            {
                Set(
                    new PolicyPod
                    {
                        Name = new ObjectName(home, name),
                        Labels = Labels.Of([new Label("pod", name)]),
                        Addresses = [IPAddr.Parse($"10.{i}.0.{j + 1}"), IPAddr.Parse($"fd00::{i}:{j + 1}")],
                        NodeName = j == 0 ? "n1" : "n2",
                        Ports = [new NamedPort("serve-80", PortProtocol.Tcp, 80), new NamedPort("serve-81", PortProtocol.Tcp, 81)],
                    }
                );
            }
        }
    }

    public PolicyObjects Objects => PolicyObjects.Of(pods.Values, namespaces.Values, policies.Values, clusterPolicies.Values, nodes.Values);

    public Dictionary<IPAddr, string> Nodes { get; } = [];

    public PolicyPod Pod(string name) => pods[Split(name)];

    public void Set(PolicyPod pod) => pods[pod.Name] = pod;

    public void Set(PolicyNamespace home) => namespaces[home.Name] = home;

    public void Set(PolicyNode node) => nodes[node.Name] = node;

    public void Change(string name, Func<PolicyPod, PolicyPod> change) => Set(change(Pod(name)));

    public void Forget(string home) => namespaces.Remove(home);

    /// <summary>Policies in namespace x, each the YAML of a spec.</summary>
    public PolicyCluster With(params string[] specs)
    {
        policies = specs.Select((spec, i) => Policy(spec, $"p{i}")).ToDictionary(static policy => policy.Name);
        return this;
    }

    /// <summary>Cluster policies c0, c1 and so on, each the YAML of a spec.</summary>
    public PolicyCluster WithCluster(params string[] specs)
    {
        clusterPolicies = specs.Select((spec, i) => ClusterPolicy(spec, $"c{i}")).ToDictionary(static policy => policy.Name);
        return this;
    }

    public PolicyCluster WithCluster(ClusterPolicy policy)
    {
        clusterPolicies = new() { [policy.Name] = policy };
        return this;
    }

    public static ClusterPolicy ClusterPolicy(string spec, string name = "c") =>
        Reader.ReadPolicies(Encoding.UTF8.GetBytes(ClusterText(spec, name))).ClusterPolicies.Values.Single();

    public static string ClusterText(string spec, string name = "c")
    {
        var indented = string.Join('\n', spec.Trim('\n').Split('\n').Select(static line => "  " + line));
        return "apiVersion: policy.networking.k8s.io/v1alpha2\n"
            + $"kind: ClusterNetworkPolicy\nmetadata: {{name: {name}}}\nspec:\n{indented}\n";
    }

    public static NetworkPolicy Policy(string spec, string name = "p", string home = "x")
    {
        var indented = string.Join('\n', spec.Trim('\n').Split('\n').Select(static line => "  " + line));
        var text = $"kind: NetworkPolicy\nmetadata: {{name: {name}, namespace: {home}}}\nspec:\n{indented}\n";
        return Reader.ReadPolicies(Encoding.UTF8.GetBytes(text)).Policies.Values.Single();
    }

    /// <summary>Whether a pod, or an address, reaches another at a port; over IPv4 unless the address is another.</summary>
    public bool Allows(string from, string to, int port = 80, PortProtocol protocol = PortProtocol.Tcp, bool is6 = false) =>
        Allows(new Connection(Address(from, is6), Address(to, is6), (byte)protocol, (ushort)port));

    public bool AllowsPing(string from, string to) => Allows(new Connection(Address(from, false), Address(to, false), 1, 0));

    public PolicyVerdict Judge(string from, string to, int port = 80) =>
        new PolicyOracle(Objects, Nodes).Judge(new Connection(Address(from, false), Address(to, false), 6, (ushort)port));

    private bool Allows(Connection connection)
    {
        var isAllowed = new PolicyOracle(Objects, Nodes).Judge(connection).IsAllowed;
        // The own node's traffic does not come to the rules.
        if (!Nodes.ContainsKey(connection.Source) && !Nodes.ContainsKey(connection.Destination))
            Assert.Equal(isAllowed, PassesBothNodes(Objects, connection));
        return isAllowed;
    }

    public static bool PassesBothNodes(PolicyObjects objects, Connection connection) =>
        new[] { "n1", "n2" }.All(node =>
        {
            var compiler = new PolicyCompiler(node);
            compiler.Apply(PolicyChanges.Between(PolicyObjects.Empty, objects));
            return new TableEvaluator(compiler.ToTable()).Passes(connection);
        });

    /// <summary>The pairs of pods that are not allowed, one to itself left out: <c>y/b -> x/a</c>.</summary>
    public IEnumerable<string> Forbidden(int port = 80, PortProtocol protocol = PortProtocol.Tcp) =>
        from source in pods.Keys.Order(ObjectName.Order)
        from destination in pods.Keys.Order(ObjectName.Order)
        where source != destination && !Allows(source.ToString(), destination.ToString(), port, protocol)
        select $"{source} -> {destination}";

    /// <summary>The pods that reach one.</summary>
    public string Reaching(string to, int port = 80, PortProtocol protocol = PortProtocol.Tcp) =>
        string.Join(
            ' ',
            pods.Keys.Order(ObjectName.Order)
                .Select(static pod => pod.ToString())
                .Where(pod => pod != to && Allows(pod, to, port, protocol))
        );

    /// <summary>The pods that one reaches.</summary>
    public string ReachedBy(string from, int port = 80, PortProtocol protocol = PortProtocol.Tcp) =>
        string.Join(
            ' ',
            pods.Keys.Order(ObjectName.Order)
                .Select(static pod => pod.ToString())
                .Where(pod => pod != from && Allows(from, pod, port, protocol))
        );

    private IPAddr Address(string name, bool is6) =>
        IPAddr.TryParse(name, out var address) ? address : Pod(name).Addresses.First(each => each.Is6 == is6);

    private static ObjectName Split(string name) => new(name.Split('/')[0], name.Split('/')[1]);
}
