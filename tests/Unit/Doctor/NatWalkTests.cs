using Plugboard.Doctor.Nat;

namespace Plugboard.Tests.Unit.Doctor;

public sealed class NatWalkTests
{
    private static NatRule Rule(string chain, Match match, NatAction action, string target = "") => new(chain, match, action, target, $"{chain} {action}");

    private static bool Changes(params NatRule[] rules) => new NatWalk(rules).FindSnat("post") is not null;

    [Fact]
    public void A_rule_that_matches_changes_the_sender()
    {
        Assert.True(Changes(Rule("post", Match.No, NatAction.Return), Rule("post", Match.Yes, NatAction.Snat)));
        Assert.False(Changes(Rule("post", Match.No, NatAction.Snat)));
    }

    [Fact]
    public void What_is_doubtful_never_makes_a_finding()
    {
        Assert.False(Changes(Rule("post", Match.Maybe, NatAction.Snat)));
        Assert.False(Changes(Rule("post", Match.Maybe, NatAction.Return), Rule("post", Match.Yes, NatAction.Snat)));
        Assert.False(Changes(Rule("post", Match.Maybe, NatAction.End), Rule("post", Match.Yes, NatAction.Snat)));
        Assert.False(Changes(Rule("post", Match.Maybe, NatAction.Jump, "a"), Rule("a", Match.Yes, NatAction.Snat)));
        Assert.False(Changes(Rule("post", Match.Maybe, NatAction.Goto, "a"), Rule("post", Match.Yes, NatAction.Snat)));
    }

    [Fact]
    public void A_jump_comes_back_and_a_goto_does_not()
    {
        Assert.True(Changes(Rule("post", Match.Yes, NatAction.Jump, "a"), Rule("a", Match.Yes, NatAction.Return), Rule("post", Match.Yes, NatAction.Snat)));
        Assert.False(Changes(Rule("post", Match.Yes, NatAction.Goto, "a"), Rule("a", Match.Yes, NatAction.Return), Rule("post", Match.Yes, NatAction.Snat)));
        Assert.False(Changes(Rule("post", Match.Yes, NatAction.Jump, "a"), Rule("a", Match.Yes, NatAction.End), Rule("post", Match.Yes, NatAction.Snat)));
        Assert.True(Changes(Rule("post", Match.Yes, NatAction.Jump, "a"), Rule("a", Match.Yes, NatAction.Jump, "b"), Rule("b", Match.Yes, NatAction.Snat)));
    }

    [Fact]
    public void A_circle_of_chains_ends() => Assert.False(Changes(Rule("post", Match.Yes, NatAction.Jump, "post")));
}
