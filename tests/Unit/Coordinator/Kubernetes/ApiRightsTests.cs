using Plugboard.Coordinator.Sources.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Kubernetes;

public sealed class ApiRightsTests
{
    [Theory]
    [InlineData("GET /api/v1/pods", "ClusterRole plugboard-coordinator-policy")]
    [InlineData("GET /k8s/clusters/c-1/api/v1/namespaces", "ClusterRole plugboard-coordinator-policy")]
    [InlineData("GET /apis/networking.k8s.io/v1/networkpolicies", "ClusterRole plugboard-coordinator-policy")]
    [InlineData("the watch of networkpolicies", "ClusterRole plugboard-coordinator-policy")]
    [InlineData("POST /api/v1/namespaces/x/events", "create and patch of events")]
    [InlineData("PATCH /api/v1/namespaces/pods/events/a.17", "create and patch of events")]
    [InlineData("GET /api/v1/nodes", "grant nodes get, list and watch")]
    [InlineData("PATCH /api/v1/nodes/events/status", "grant nodes get, list and watch")]
    public void A_refused_request_names_what_to_grant(string request, string remedy) =>
        Assert.Contains(remedy, ApiRights.RemedyFor(request), StringComparison.Ordinal);
}
