using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Masquerade.Configuration;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Nftables;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Policy.Reading;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Coordinator.Sources.Static;
using Plugboard.Documents;
using Plugboard.Firewall.Nftables;
using Plugboard.Tests.Fuzz.Mutations;

namespace Plugboard.Tests.Fuzz.Targets;

/// <summary>What an operator writes for the coordinator.</summary>
internal static class CoordinatorTargets
{
    private static readonly PolicyFileReader PolicyReader = new(new PolicyLimits(), readsCluster: true);

    public static IReadOnlyList<FuzzTarget> All =>
        [
            new("net-conf", InputForm.Json, NetworkConf, typeof(DocumentException)),
            new("peers", InputForm.Yaml, Peers, typeof(DocumentException)),
            new("masquerade", InputForm.Yaml, Masquerade, typeof(MasqueradeConfigException)),
            new("yaml", InputForm.Yaml, Yaml, typeof(DocumentException)) { Corpus = "peers" },
            new("policies", InputForm.Yaml, Policies, typeof(DocumentException)),
            new("policy-pods", InputForm.Yaml, PolicyPods, typeof(DocumentException)),
            new("kubeconfig", InputForm.Yaml, Kubeconfig, typeof(DocumentException)),
            new("flags", InputForm.Text, Flags, typeof(FormatException), typeof(MasqueradeConfigException)),
        ];

    private static void Consider(IEnumerable<string> warnings, byte[] input)
    {
        foreach (var warning in warnings)
        {
            if (Trial.FindName(warning, input) is { } fault)
                throw fault;
        }
    }

    private static bool NetworkConf(byte[] input)
    {
        var warnings = new List<string>();
        var conf = NetConfReader.Read(Encoding.UTF8.GetString(input), warnings);
        Consider(warnings, input);
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (conf.Enables(is6) && conf.NetworkOf(is6) is not null)
                _ = SubnetChoice.FindFault(conf, is6);
        }

        return true;
    }

    private static bool Peers(byte[] input)
    {
        var file = PeersFileReader.Read(input);
        Consider(file.Warnings, input);
        FuzzFailure.Unless(PeersFileReader.Read(input).Equals(file), "the same file is read in two ways");
        return true;
    }

    private static bool Policies(byte[] input)
    {
        var (policies, cluster) = PolicyReader.ReadPolicies(input);
        PolicyPod[] pods =
        [
            .. policies
                .Values.Select(static policy => policy.Name.Namespace)
                .Distinct()
                .Select(static home => new PolicyPod
                {
                    Name = new ObjectName(home, "pod"),
                    Addresses = [IPAddr.Parse("10.0.0.1")],
                    NodeName = "n1",
                }),
        ];
        return Compile(
            PolicyObjects.Of(
                pods,
                pods.Select(static pod => new PolicyNamespace(pod.Name.Namespace, Labels.None)),
                policies.Values,
                cluster.Values
            )
        );
    }

    private static bool PolicyPods(byte[] input)
    {
        var objects = PolicyReader.ReadPods(input);
        return Compile(PolicyObjects.Of(objects.Pods.Values, objects.Namespaces.Values, [], nodes: objects.Nodes.Values));
    }

    private static bool Compile(PolicyObjects objects)
    {
        var compiler = new PolicyCompiler("n1");
        compiler.Apply(PolicyChanges.Between(PolicyObjects.Empty, objects));
        new PolicyRules(new PolicyOptions { NodeName = "n1", Directory = "" }).Define(compiler.ToTable()).AddTo(new NftablesBatch());
        return true;
    }

    private static bool Masquerade(byte[] input)
    {
        var reader = new MasqueradeConfigReader(MasqueradeConfig.Default(allReserved: false), enableIPv6: true);
        var (config, warnings) = reader.Read(input);
        Consider(warnings, input);
        _ = config.ToString();
        return true;
    }

    private static bool Yaml(byte[] input)
    {
        Walk(YamlDocumentReader.Read(input), 0);
        try
        {
            _ = YamlDocumentReader.Read(input, YamlDialect.Lenient);
        }
        catch (DocumentException e) when (e.Message.Contains("alias", StringComparison.Ordinal))
        {
            // The one thing that the stricter dialect reads and this one does not.
        }

        return true;
    }

    // An alias is the same value once more: what is named by many is not walked through each time.
    private static void Walk(DocumentNode node, int depth)
    {
        FuzzFailure.Unless(node.Line > 0, "a value has no line");
        FuzzFailure.Unless(depth < 1000, "a document goes round in a circle");
        if (node.Items.Count > 0)
            Walk(node.Items[^1], depth + 1);
    }

    private static bool Kubeconfig(byte[] input)
    {
        var access = KubeconfigReader.Read(input, "/etc/kubernetes/kubelet.conf", TimeProvider.System);
        FuzzFailure.Unless(access.Server.IsAbsoluteUri, "a server is no address");
        return true;
    }

    // A line each: a word of a flag.
    private static bool Flags(byte[] input)
    {
        foreach (var line in Encoding.UTF8.GetString(input).Split('\n'))
        {
            var word = line.Length > 0 ? line[1..] : "";
            switch (line.Length > 0 ? line[0] : ' ')
            {
                case 'd':
                    FuzzFailure.Unless(GoDuration.Parse(word) is var time && time.Ticks > long.MinValue, "no duration");
                    break;
                case 'i':
                    _ = InterfacePattern.Parse(word).ToString();
                    break;
                case 'p':
                    _ = PortRanges.Parse(word).ToString();
                    break;
                case 'a':
                    _ = AnnotationNames.From(word).Prefix;
                    break;
            }
        }

        return true;
    }
}
