using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Flows;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>Which connections are judged again after a change.</summary>
public sealed class TouchedAddressesTests
{
    private static readonly PolicySet blocks = new("blocks", PolicySetKind.Blocks, Is6: false, "");
    private static readonly IPAddr other = IPAddr.Parse("10.1.9.9");

    private static PolicyDelta Delta(PolicySet set, params string[] addresses) =>
        new()
        {
            Elements =
            [
                (set, [.. addresses.Select(static text => new ElementChange(PolicyElement.Of(IPAddr.Parse(text)), "", After: null))]),
            ],
        };

    private static TouchedAddresses After(params PolicyDelta[] deltas)
    {
        var touched = new TouchedAddresses();
        touched.Clear();
        foreach (var delta in deltas)
            touched.Touch(delta);
        return touched;
    }

    [Fact]
    public void At_first_all_are()
    {
        var touched = new TouchedAddresses();

        Assert.True(touched.Concerns(other, other));
        Assert.Null(touched.FindQuestions(is6: false));
        Assert.False(touched.HasNone(is6: true));
    }

    [Fact]
    public void Those_of_an_address_that_leads_elsewhere_are_on_either_side_and_the_kernel_is_asked_for_it()
    {
        var touched = After(Delta(PolicySet.Egress(is6: false), "10.1.0.1"));

        Assert.True(touched.Concerns(IPAddr.Parse("10.1.0.1"), other));
        Assert.True(touched.Concerns(other, IPAddr.Parse("10.1.0.1")));
        Assert.False(touched.Concerns(other, other));
        Assert.Equal([IPAddr.Parse("10.1.0.1")], touched.FindQuestions(is6: false));
        Assert.True(touched.HasNone(is6: true));
    }

    [Fact]
    public void Changes_add_up_until_they_are_cleared()
    {
        var touched = After(
            Delta(PolicySet.Egress(is6: false), "10.1.0.1"),
            Delta(new PolicySet("peers", PolicySetKind.Peers, Is6: false, ""), "10.1.0.2")
        );
        Assert.Equal(2, touched.FindQuestions(is6: false)!.Count);

        touched.Clear();

        Assert.True(touched.HasNone(is6: false));
    }

    [Fact]
    public void Many_addresses_and_those_of_IPv6_are_looked_for_among_all_flows()
    {
        var touched = After(Delta(PolicySet.Ready(is6: false), [.. Enumerable.Range(1, 5).Select(static last => $"10.1.0.{last}")]));
        Assert.Null(touched.FindQuestions(is6: false));
        Assert.False(touched.Concerns(other, other));

        Assert.Null(After(Delta(PolicySet.Ready(is6: true), "fd00::1")).FindQuestions(is6: true));
    }

    [Fact]
    public void Blocks_that_change_touch_all_and_blocks_that_come_touch_none()
    {
        Assert.True(After(Delta(blocks, "10.1.0.0")).IsAll);
        Assert.False(After(Delta(blocks, "10.1.0.0") with { NewSets = [blocks] }).IsAll);
    }
}
