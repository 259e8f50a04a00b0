using System.Text;
using System.Text.Json;
using Plugboard.Coordinator.Policy.Api;
using Plugboard.Coordinator.Policy.Reading;
using Plugboard.Coordinator.Sources.Etcd;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Tests.Fuzz.Mutations;

namespace Plugboard.Tests.Fuzz.Targets;

/// <summary>What etcd and the Kubernetes API answer: servers are trusted, the values that others stored there are not.</summary>
internal static class ApiTargets
{
    private static readonly AnnotationNames names = AnnotationNames.From("flannel.alpha.coreos.com");

    // EtcdClient makes an EtcdException of these.
    private static readonly Type[] shapes =
    [
        typeof(KeyNotFoundException),
        typeof(InvalidOperationException),
        typeof(FormatException),
        typeof(OverflowException),
    ];

    public static IReadOnlyList<FuzzTarget> All =>
        [
            new("node", InputForm.Json, Node, typeof(ApiException)),
            new("watch-event", InputForm.Json, Event, typeof(ApiException)),
            new("policy-object", InputForm.Json, PolicyObject, typeof(ApiException)),
            new("api-status", InputForm.Json, Status),
            new("backend-data", InputForm.Json, Backend),
            new("etcd-answer", InputForm.Json, Etcd),
            new("etcd-lease-value", InputForm.Json, LeaseValue, typeof(FormatException)),
            new("etcd-lease-key", InputForm.Text, LeaseKey, typeof(FormatException)),
        ];

    private static bool Node(byte[] input)
    {
        var node = new NodeReader(names).Read(input);
        foreach (var peers in Enum.GetValues<PeersMode>())
            _ = new NodeMapper(new KubernetesOptions { NodeName = "n1", Peers = peers }).Find(node)?.ToString();
        return node.Name.Length > 0;
    }

    private static bool Event(byte[] input)
    {
        _ = WatchEvent<NodeObject>.Read(input, ResourceKind.Nodes(new ReadingLimits()), new NodeReader(names).Read).ToString();
        return true;
    }

    // A user of the cluster writes these: what is refused is refused as a whole, with a reason, and closes.
    private static bool PolicyObject(byte[] input)
    {
        var reader = new PolicyObjectReader(new PolicyLimits(), readsAnnotation: true);
        var pod = reader.ReadPod(input);
        var home = reader.ReadNamespace(input);
        var policy = reader.ReadPolicy(input);
        var cluster = reader.ReadClusterPolicy(input);
        foreach (var refusal in new[] { pod.Refusal, home.Refusal, policy.Refusal, cluster.Refusal }.OfType<string>())
        {
            if (Trial.FindFault(refusal, input) is { } fault)
                throw fault;
        }

        FuzzFailure.Unless(pod.Refusal is null || pod.Value is null or { IsClosed: true }, "a refused pod is not closed");
        FuzzFailure.Unless(
            policy.Refusal is null || (policy.Value is { } closed && (closed.Ingress ?? []).Count + (closed.Egress ?? []).Count == 0),
            "a refused policy allows something"
        );
        FuzzFailure.Unless(cluster.Value is not null, "a refused cluster policy is worth nothing");
        return pod.Refusal is null || home.Refusal is null || policy.Refusal is null || cluster.Refusal is null;
    }

    private static bool Status(byte[] input)
    {
        var status = ApiStatus.Read(input);
        if (Trial.FindFault(status.ToException("the list of nodes", 500, null).Message, input) is { } fault)
            throw fault;
        return status.Code > 0;
    }

    private static bool Backend(byte[] input)
    {
        if (BackendData.Find(Encoding.UTF8.GetString(input)) is not { } found)
            return false;
        FuzzFailure.Unless(BackendData.Find(BackendData.Write(found)) == found, "backend data are others when they are read back");
        return true;
    }

    private static bool Etcd(byte[] input)
    {
        try
        {
            using var document = JsonDocument.Parse(input);
            var range = EtcdMessages.ReadRange(input);
            var events = EtcdMessages.ReadEvents(document.RootElement);
            return range.Entries.Count + events.Entries.Count > 0;
        }
        catch (JsonException)
        {
            return false;
        }
        catch (Exception e) when (shapes.Contains(e.GetType()))
        {
            return false;
        }
    }

    private static bool LeaseValue(byte[] input)
    {
        var node = SubnetLease.ParseValue(Encoding.UTF8.GetString(input));
        FuzzFailure.Unless(
            SubnetLease.ParseValue(SubnetLease.FormatValue(node)).Equals(node),
            "a lease's value is another when it is read back"
        );
        return true;
    }

    private static bool LeaseKey(byte[] input)
    {
        var subnets = SubnetLease.ParseKey(Encoding.UTF8.GetString(input).TrimEnd('\n'));
        FuzzFailure.Unless(
            SubnetLease.ParseKey(SubnetLease.FormatKey(subnets)).Equals(subnets),
            "a lease's key is another when it is read back"
        );
        return true;
    }
}
