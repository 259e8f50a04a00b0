namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>The rights that a refused request needs, in words for the operator. Pure.</summary>
internal static class ApiRights
{
    /// <summary>What to grant.</summary>
    /// <param name="request">The request, as <c>GET /api/v1/pods</c>, or <c>the watch of pods</c>.</param>
    public static string RemedyFor(string request) =>
        request[(request.LastIndexOfAny(['/', ' ']) + 1)..] switch
        {
            _ when request.Contains("/namespaces/", StringComparison.Ordinal) && request.Contains("/events", StringComparison.Ordinal) =>
                "grant create and patch of events (docs/kubernetes.md, docs/network-policy.md)",
            "pods" or "namespaces" or "networkpolicies" =>
                "grant list and watch of pods, namespaces and networkpolicies.networking.k8s.io in all namespaces: ClusterRole "
                    + "plugboard-coordinator-policy, deploy/components/network-policy (docs/network-policy.md)",
            "clusternetworkpolicies" => "grant list and watch of clusternetworkpolicies.policy.networking.k8s.io: ClusterRole "
                + "plugboard-coordinator-policy, deploy/components/network-policy (docs/network-policy.md)",
            _ => "grant nodes get, list and watch, nodes/status patch (docs/kubernetes.md)",
        };
}
