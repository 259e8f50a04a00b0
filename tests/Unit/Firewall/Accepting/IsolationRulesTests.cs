using Plugboard.Firewall.Accepting;
using Plugboard.Firewall.Iptables;

namespace Plugboard.Tests.Unit.Firewall.Accepting;

public sealed class IsolationRulesTests
{
    private const string Words = "CNI firewall plugin rules (ingressPolicy";

    // As the reference leaves them; P stands for the policy's word.
    private const string SameBridge = $"""
        *filter
        :FORWARD ACCEPT [0:0]
        :CNI-ISOLATION-STAGE-1 - [0:0]
        :CNI-ISOLATION-STAGE-2 - [0:0]
        -A FORWARD -m comment --comment "{Words}: P)" -j CNI-ISOLATION-STAGE-1
        -A CNI-ISOLATION-STAGE-1 -i br0 ! -o br0 -m comment --comment "{Words}: P)" -j CNI-ISOLATION-STAGE-2
        -A CNI-ISOLATION-STAGE-1 -m comment --comment "{Words}: P)" -j RETURN
        -A CNI-ISOLATION-STAGE-2 -o br0 -m comment --comment "{Words}: P)" -j DROP
        -A CNI-ISOLATION-STAGE-2 -m comment --comment "{Words}: P)" -j RETURN
        COMMIT
        """;

    private const string Inner =
        "-A CNI-ISOLATION-STAGE-1 -i br0 -o br0 -m comment --comment \"CNI firewall plugin rules (ingressPolicy: isolated)\" -j DROP\n";

    private static NatTable Table(string policy)
    {
        var saved = SameBridge.Replace("ingressPolicy: P", $"ingressPolicy: {policy}", StringComparison.Ordinal);
        if (policy == "isolated")
            saved = saved.Replace(
                "-A CNI-ISOLATION-STAGE-1 -i br0 !",
                Inner + "-A CNI-ISOLATION-STAGE-1 -i br0 !",
                StringComparison.Ordinal
            );
        return NatTable.Parse(saved, AcceptRules.Table);
    }

    [Theory]
    [InlineData("same-bridge", IngressPolicy.SameBridge)]
    [InlineData("isolated", IngressPolicy.Isolated)]
    public void The_reference_s_rules_are_what_a_policy_wants(string word, IngressPolicy policy)
    {
        Assert.True(IsolationRules.Set(Table(word), "br0", policy).IsEmpty);
        Assert.Empty(IsolationRules.Check(Table(word), "br0", policy));
        Assert.True(IsolationRules.RemoveOthers(Table(word), "br0", policy).IsEmpty);
    }

    [Fact]
    public void A_policy_is_written_as_the_reference_writes_it() =>
        Assert.Equal(
            $"""
            *filter
            -N CNI-ISOLATION-STAGE-1
            -N CNI-ISOLATION-STAGE-2
            -I FORWARD -m comment --comment "{Words}: isolated)" -j CNI-ISOLATION-STAGE-1
            -I CNI-ISOLATION-STAGE-1 -i br0 ! -o br0 -m comment --comment "{Words}: isolated)" -j CNI-ISOLATION-STAGE-2
            -I CNI-ISOLATION-STAGE-2 -o br0 -m comment --comment "{Words}: isolated)" -j DROP
            -I CNI-ISOLATION-STAGE-1 -i br0 -o br0 -m comment --comment "{Words}: isolated)" -j DROP
            -A CNI-ISOLATION-STAGE-1 -m comment --comment "{Words}: isolated)" -j RETURN
            -A CNI-ISOLATION-STAGE-2 -m comment --comment "{Words}: isolated)" -j RETURN
            COMMIT

            """,
            IsolationRules.Set(NatTable.Empty, "br0", IngressPolicy.Isolated).Text
        );

    [Fact]
    public void The_only_bridge_without_a_policy_takes_the_chains_along()
    {
        var text = IsolationRules.Set(Table("isolated"), "br0", IngressPolicy.Open).Text;
        Assert.Contains("-X CNI-ISOLATION-STAGE-1\n-X CNI-ISOLATION-STAGE-2\nCOMMIT", text);
        Assert.Equal(6, text.Split("\n-D ").Length - 1);
    }

    [Fact]
    public void A_changed_policy_removes_the_other_one_s_rules()
    {
        var text = IsolationRules.Set(Table("isolated"), "br0", IngressPolicy.SameBridge).Text;
        Assert.Equal(6, text.Split("\n-D ").Length - 1);
        Assert.DoesNotContain("-X", text);
        Assert.Contains("-I CNI-ISOLATION-STAGE-2 -o br0", text);
    }

    [Fact]
    public void Rules_of_another_bridge_stay() =>
        Assert.True(IsolationRules.RemoveOthers(Table("isolated"), "br1", IngressPolicy.Open).IsEmpty);

    [Fact]
    public void A_check_names_what_is_missing() =>
        Assert.Equal(4, IsolationRules.Check(NatTable.Empty, "br0", IngressPolicy.Isolated).Count);
}
