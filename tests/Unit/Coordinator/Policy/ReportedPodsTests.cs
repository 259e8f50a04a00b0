using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Policy.Starting;
using Plugboard.Firewall.Starting;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>A reported address is of the pod that the plugin named, for people who ask as for the rules.</summary>
public sealed class ReportedPodsTests
{
    private static readonly IPAddr address = IPAddr.Parse("10.1.0.5");

    private static PolicyPod Pod(string name, string node, params IPAddr[] addresses) =>
        new()
        {
            Name = new ObjectName("x", name),
            NodeName = node,
            Addresses = [.. addresses],
        };

    private static PodStart Report(string name, long since = 1) => new(new Attachment("net", name, "eth0"), "x", name, [address], since);

    private static string? Owner(PolicyObjects objects, params PodStart[] starts) =>
        new PolicyOracle(ReportedPods.Apply(objects, "n1", starts)).FindPod(address)?.Name.Name;

    [Fact]
    public void A_pod_without_an_address_has_the_reported_one() =>
        Assert.Equal("a", Owner(PolicyObjects.Of([Pod("a", "n1")], [], []), Report("a")));

    [Fact]
    public void A_pod_that_had_the_address_before_has_it_no_more() =>
        Assert.Equal("a", Owner(PolicyObjects.Of([Pod("a", "n1"), Pod("old", "n1", address)], [], []), Report("a")));

    [Fact]
    public void An_address_of_a_pod_that_is_not_known_is_of_no_other() =>
        Assert.Null(Owner(PolicyObjects.Of([Pod("old", "n1", address)], [], []), Report("later")));

    [Fact]
    public void Of_two_records_the_later_counts() =>
        Assert.Equal("b", Owner(PolicyObjects.Of([Pod("a", "n1"), Pod("b", "n1")], [], []), Report("b", 2), Report("a", 1)));

    [Fact]
    public void A_record_gives_nothing_to_a_pod_of_another_node() =>
        Assert.Null(Owner(PolicyObjects.Of([Pod("a", "n2")], [], []), Report("a")));

    [Fact]
    public void Without_records_the_objects_are_as_they_are() =>
        Assert.Equal("old", Owner(PolicyObjects.Of([Pod("old", "n2", address)], [], [])));
}
