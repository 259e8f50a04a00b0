using Plugboard.Coordinator.Cli;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Testing;

namespace Plugboard.Tests.Unit.Coordinator.Cli;

/// <summary>How old the objects of network policy are, and how many are refused, is in the metrics.</summary>
public sealed class PolicyMetricsTests
{
    [Theory]
    [InlineData("coordinator_policy_source_reachable{kind=\"pods\"} 0")]
    [InlineData("coordinator_policy_source_reachable{kind=\"policies\"} 1")]
    [InlineData("coordinator_policy_source_last_heard_seconds{kind=\"pods\"} 90")]
    [InlineData("coordinator_policy_source_last_heard_seconds{kind=\"policies\"} 0.5")]
    [InlineData("coordinator_policy_source_last_heard_seconds{kind=\"namespaces\"} -1")]
    [InlineData("coordinator_source_last_heard_seconds 90")]
    [InlineData("coordinator_policy_refused_objects{kind=\"policies\"} 2")]
    [InlineData("coordinator_policy_objects{kind=\"cluster-policies\"} 3")]
    public void The_state_of_each_kind_is_a_line(string line)
    {
        var time = new ManualTime();
        var at = time.GetTimestamp();
        time.Pass(TimeSpan.FromSeconds(89.5));
        var later = time.GetTimestamp();
        time.Pass(TimeSpan.FromSeconds(0.5));
        // Ages are of the time that passed.
        time.SetClock(TimeSpan.FromDays(-20000));
        var state = new PolicyState(new PolicyFigures { ClusterPolicies = 3 }, LastChange: null, Compared: 1)
        {
            Kinds =
            [
                new PolicySourceKind("pods", IsReachable: false, at, 0),
                new PolicySourceKind("namespaces", IsReachable: false, HeardAt: null, 0),
                new PolicySourceKind("policies", IsReachable: true, later, 2),
            ],
        };

        Assert.Contains(line, MetricsText.Render(new EngineStatus { SourceHeardAt = at }, time, state).Split('\n'));
    }
}
