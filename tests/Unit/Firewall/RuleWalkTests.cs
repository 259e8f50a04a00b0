using Plugboard.Firewall.Walk;

namespace Plugboard.Tests.Unit.Firewall;

public sealed class RuleWalkTests
{
    private static WalkedRule Rule(string chain, Match match, RuleAction action, string target = "") =>
        new(chain, match, action, target, $"{chain} {action}");

    private static bool Changes(params WalkedRule[] rules) => new RuleWalk(rules).FindSnat("post") is not null;

    [Fact]
    public void A_rule_that_matches_changes_the_sender()
    {
        Assert.True(Changes(Rule("post", Match.No, RuleAction.Return), Rule("post", Match.Yes, RuleAction.Snat)));
        Assert.False(Changes(Rule("post", Match.No, RuleAction.Snat)));
    }

    [Fact]
    public void What_is_doubtful_never_makes_a_finding()
    {
        Assert.False(Changes(Rule("post", Match.Maybe, RuleAction.Snat)));
        Assert.False(Changes(Rule("post", Match.Maybe, RuleAction.Return), Rule("post", Match.Yes, RuleAction.Snat)));
        Assert.False(Changes(Rule("post", Match.Maybe, RuleAction.End), Rule("post", Match.Yes, RuleAction.Snat)));
        Assert.False(Changes(Rule("post", Match.Maybe, RuleAction.Jump, "a"), Rule("a", Match.Yes, RuleAction.Snat)));
        Assert.False(Changes(Rule("post", Match.Maybe, RuleAction.Goto, "a"), Rule("post", Match.Yes, RuleAction.Snat)));
    }

    [Fact]
    public void A_jump_comes_back_and_a_goto_does_not()
    {
        Assert.True(
            Changes(
                Rule("post", Match.Yes, RuleAction.Jump, "a"),
                Rule("a", Match.Yes, RuleAction.Return),
                Rule("post", Match.Yes, RuleAction.Snat)
            )
        );
        Assert.False(
            Changes(
                Rule("post", Match.Yes, RuleAction.Goto, "a"),
                Rule("a", Match.Yes, RuleAction.Return),
                Rule("post", Match.Yes, RuleAction.Snat)
            )
        );
        Assert.False(
            Changes(
                Rule("post", Match.Yes, RuleAction.Jump, "a"),
                Rule("a", Match.Yes, RuleAction.End),
                Rule("post", Match.Yes, RuleAction.Snat)
            )
        );
        Assert.True(
            Changes(
                Rule("post", Match.Yes, RuleAction.Jump, "a"),
                Rule("a", Match.Yes, RuleAction.Jump, "b"),
                Rule("b", Match.Yes, RuleAction.Snat)
            )
        );
    }

    [Fact]
    public void A_circle_of_chains_ends() => Assert.False(Changes(Rule("post", Match.Yes, RuleAction.Jump, "post")));
}
