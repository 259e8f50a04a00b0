using Plugboard.Coordinator.Cli;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Compiling;

namespace Plugboard.Tests.Unit.Coordinator.Cli;

/// <summary>How old the objects of network policy are, and how many are refused, is in the metrics.</summary>
public sealed class PolicyMetricsTests
{
    private static readonly DateTimeOffset now = new(2026, 11, 29, 16, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("coordinator_policy_source_reachable{kind=\"pods\"} 0")]
    [InlineData("coordinator_policy_source_reachable{kind=\"policies\"} 1")]
    [InlineData("coordinator_policy_source_last_heard_seconds{kind=\"pods\"} 90")]
    [InlineData("coordinator_policy_source_last_heard_seconds{kind=\"policies\"} 0.5")]
    [InlineData("coordinator_policy_source_last_heard_seconds{kind=\"namespaces\"} -1")]
    [InlineData("coordinator_policy_refused_objects{kind=\"policies\"} 2")]
    [InlineData("coordinator_policy_objects{kind=\"cluster-policies\"} 3")]
    public void The_state_of_each_kind_is_a_line(string line)
    {
        var state = new PolicyState(new PolicyFigures { ClusterPolicies = 3 }, LastChange: null, Compared: 1)
        {
            Kinds =
            [
                new PolicySourceKind("pods", IsReachable: false, now - TimeSpan.FromSeconds(90), 0),
                new PolicySourceKind("namespaces", IsReachable: false, HeardAt: null, 0),
                new PolicySourceKind("policies", IsReachable: true, now - TimeSpan.FromSeconds(0.5), 2),
            ],
        };

        Assert.Contains(line, MetricsText.Render(new EngineStatus(), now, state).Split('\n'));
    }
}
