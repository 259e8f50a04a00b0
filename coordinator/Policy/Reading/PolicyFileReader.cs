using System.Globalization;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Documents;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Reading;

/// <summary>
/// Reads files of Pods, Namespaces, Nodes, NetworkPolicies and ClusterNetworkPolicies, YAML or JSON, as <c>kubectl get -o yaml</c> prints
/// them: several documents, or lists. Each file is read wholly or refused. Pure.
/// </summary>
/// <param name="limits">What they may have at most.</param>
/// <param name="readsAnnotation">See <see cref="PodReader"/>.</param>
/// <param name="readsCluster">A file of policies may have ClusterNetworkPolicies.</param>
internal sealed class PolicyFileReader(PolicyLimits limits, bool readsAnnotation = false, bool readsCluster = false)
{
    private const string ClusterKind = "ClusterNetworkPolicy";

    private const string NodeKind = "Node";

    private static readonly string[] podKinds = ["Pod", "Namespace", NodeKind];
    private static readonly string[] policyKinds = ["NetworkPolicy"];
    private static readonly string[] allPolicyKinds = ["NetworkPolicy", ClusterKind];

    private readonly PodReader pods = new(limits, readsAnnotation);
    private readonly PolicyNodeReader nodes = new(limits);
    private readonly NetworkPolicyReader policies = new(limits);
    private readonly ClusterPolicyReader clusterPolicies = new(limits);

    /// <summary>The pods, namespaces and nodes of a file, and no policies.</summary>
    /// <exception cref="DocumentException">It is invalid: with the line and the reason.</exception>
    public PolicyObjects ReadPods(ReadOnlySpan<byte> utf8)
    {
        var found = new Dictionary<ObjectName, PolicyPod>();
        var homes = new Dictionary<string, PolicyNamespace>(StringComparer.Ordinal);
        var others = new Dictionary<string, PolicyNode>(StringComparer.Ordinal);
        foreach (var (kind, node) in Objects(utf8, podKinds, WantedFields.OfPodFile))
        {
            if (kind == "Pod")
            {
                ObjectKeys.RequireOfPod(node);
                Add(found, pods.Read(node), static pod => pod.Name, (node, limits.Pods));
            }
            else if (kind == NodeKind)
            {
                ObjectKeys.RequireOfNode(node);
                Add(others, nodes.Read(node), static other => other.Name, (node, limits.Nodes));
            }
            else
            {
                ObjectKeys.Require(node);
                Add(homes, pods.ReadNamespace(node), static home => home.Name, (node, limits.Namespaces));
            }
        }

        return PolicyObjects.Empty with
        {
            Pods = found,
            Namespaces = homes,
            Nodes = others,
        };
    }

    /// <summary>The policies of a file.</summary>
    /// <exception cref="DocumentException">It is invalid: with the line and the reason.</exception>
    public WrittenPolicies ReadPolicies(ReadOnlySpan<byte> utf8)
    {
        var found = new Dictionary<ObjectName, NetworkPolicy>();
        var cluster = new Dictionary<string, ClusterPolicy>(StringComparer.Ordinal);
        foreach (var (kind, node) in Objects(utf8, readsCluster ? allPolicyKinds : policyKinds, wanted: null))
        {
            ObjectKeys.Require(node);
            if (kind == ClusterKind)
                Add(cluster, clusterPolicies.Read(node), static policy => policy.Name, (node, limits.Policies));
            else
                Add(found, policies.Read(node), static policy => policy.Name, (node, limits.Policies));
        }

        return new WrittenPolicies(found, cluster);
    }

    private static void Add<TKey, TValue>(
        Dictionary<TKey, TValue> found,
        TValue value,
        Func<TValue, TKey> name,
        (DocumentNode Node, int Most) place
    )
        where TKey : notnull
    {
        if (found.Count >= place.Most)
            throw place.Node.Error(string.Create(CultureInfo.InvariantCulture, $"there are more than {place.Most} of its kind"));
        if (!found.TryAdd(name(value), value))
            throw place.Node.Error($"{name(value)} is present twice");
    }

    // Of thousands of pods, as kubectl prints them, nearly all is passed over.
    private static IEnumerable<(string Kind, DocumentNode Node)> Objects(ReadOnlySpan<byte> utf8, string[] kinds, DocumentFields? wanted)
    {
        var documents = YamlDocumentReader.ReadAll(utf8, wanted);
        // A program that writes a file in place empties it first.
        if (documents.Count == 0)
            throw new DocumentException(0, "it is empty; for no objects write the two lines kind: List and items: []");
        return documents.SelectMany(document => Objects(document, kinds));
    }

    private static IEnumerable<(string Kind, DocumentNode Node)> Objects(DocumentNode document, string[] kinds)
    {
        var kind = KindOf(document) ?? throw document.Error("the document has no kind");
        if (!kind.EndsWith("List", StringComparison.Ordinal))
            return [(Known(kind, document, kinds), document)];
        // The items of the API's own lists, PodList and so on, have no kind.
        var otherwise = kind[..^"List".Length];
        return ObjectKeys.ItemsOf(document).Select(item => (Known(KindOf(item) ?? otherwise, item, kinds), item));
    }

    private static string? KindOf(DocumentNode node) => node.AsMap().Find("kind")?.AsText();

    private static string Known(string kind, DocumentNode node, string[] kinds) =>
        kinds.Contains(kind, StringComparer.Ordinal)
            ? kind
            : throw node.Error(
                $"kind {DocumentNode.Quote(kind)} does not belong into this file{Spelling.Hint(kind, kinds)}; it has "
                    + string.Join(" and ", kinds)
                    + (kind == ClusterKind && kinds == policyKinds ? $", and with --policy-cluster {ClusterKind}" : "")
            );
}

/// <summary>What a file of policies has.</summary>
/// <param name="Policies">The policies by name.</param>
/// <param name="ClusterPolicies">The cluster policies by name.</param>
internal sealed record WrittenPolicies(
    IReadOnlyDictionary<ObjectName, NetworkPolicy> Policies,
    IReadOnlyDictionary<string, ClusterPolicy> ClusterPolicies
)
{
    /// <summary>True if another content lacks one of these.</summary>
    public bool HasMoreThan(WrittenPolicies other) =>
        Policies.Keys.Any(name => !other.Policies.ContainsKey(name))
        || ClusterPolicies.Keys.Any(name => !other.ClusterPolicies.ContainsKey(name));
}
