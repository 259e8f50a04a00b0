using Plugboard.Addresses;
using Plugboard.Firewall.Accepting;
using Plugboard.Firewall.Iptables;

namespace Plugboard.Tests.Unit.Firewall.Accepting;

public sealed class AcceptRulesTests
{
    private const string Reference = """
        *filter
        :FORWARD DROP [0:0]
        :CNI-ADMIN - [0:0]
        :CNI-FORWARD - [0:0]
        -A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD
        -A CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN
        -A CNI-FORWARD -d 10.0.0.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A CNI-FORWARD -s 10.0.0.2/32 -j ACCEPT
        COMMIT
        """;

    private static readonly IPAddr[] pod = [IPAddr.Parse("10.0.0.2")];
    private static readonly IPAddr[] other = [IPAddr.Parse("10.0.0.3")];

    private static NatTable Table(string saved) => NatTable.Parse(saved, AcceptRules.Table);

    [Fact]
    public void A_pod_is_accepted_as_the_reference_does_it() =>
        Assert.Equal(
            """
            *filter
            -N CNI-FORWARD
            -N CNI-ADMIN
            -I FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD
            -I CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN
            -A CNI-FORWARD -d 10.0.0.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            -A CNI-FORWARD -s 10.0.0.2/32 -j ACCEPT
            COMMIT

            """,
            AcceptRules.Add(NatTable.Empty, pod, AcceptRules.DefaultAdminChain).Text
        );

    [Fact]
    public void Without_reading_the_table_the_chain_and_its_jumps_have_to_be_there() =>
        Assert.Equal(
            """
            *filter
            -C FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD
            -C CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j MINE
            -A CNI-FORWARD -d 10.0.0.3/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            -A CNI-FORWARD -s 10.0.0.3/32 -j ACCEPT
            COMMIT

            """,
            AcceptRules.AddToChain(other, "MINE").Text
        );

    [Fact]
    public void What_is_there_is_not_written_again()
    {
        Assert.True(AcceptRules.Add(Table(Reference), pod, AcceptRules.DefaultAdminChain).IsEmpty);
        Assert.Empty(AcceptRules.Check(Table(Reference), pod, AcceptRules.DefaultAdminChain));
        Assert.Equal(
            """
            *filter
            -A CNI-FORWARD -d 10.0.0.3/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            -A CNI-FORWARD -s 10.0.0.3/32 -j ACCEPT
            COMMIT

            """,
            AcceptRules.Add(Table(Reference), other, AcceptRules.DefaultAdminChain).Text
        );
    }

    [Fact]
    public void The_last_pod_takes_the_chains_along_rule_by_rule() =>
        Assert.Equal(
            """
            *filter
            -D CNI-FORWARD -d 10.0.0.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            -D CNI-FORWARD -s 10.0.0.2/32 -j ACCEPT
            -D FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD
            -D CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN
            -X CNI-FORWARD
            -X CNI-ADMIN
            COMMIT

            """,
            AcceptRules.Delete(Table(Reference), pod).Text
        );

    [Theory]
    [InlineData("-A CNI-FORWARD -s 10.0.0.9/32 -j ACCEPT")]
    [InlineData("-A INPUT -j CNI-FORWARD")]
    public void A_chain_that_others_use_stays(string foreign)
    {
        var text = AcceptRules.Delete(Table(Reference.Replace("COMMIT", foreign + "\nCOMMIT", StringComparison.Ordinal)), pod).Text;
        Assert.Contains("-D CNI-FORWARD -s 10.0.0.2/32 -j ACCEPT", text);
        Assert.DoesNotContain("-X", text);
        Assert.DoesNotContain("-D FORWARD", text);
    }

    [Theory]
    [InlineData("-A CNI-ADMIN -s 192.0.2.1/32 -j DROP")]
    [InlineData("-A INPUT -j CNI-ADMIN")]
    public void An_admin_chain_that_is_used_stays(string rule)
    {
        var text = AcceptRules.Delete(Table(Reference.Replace("COMMIT", rule + "\nCOMMIT", StringComparison.Ordinal)), pod).Text;
        Assert.Contains("-X CNI-FORWARD", text);
        Assert.DoesNotContain("-X CNI-ADMIN", text);
    }

    [Fact]
    public void An_admin_chain_of_another_name_stays() =>
        Assert.DoesNotContain(
            "-X MINE",
            AcceptRules.Delete(Table(Reference.Replace("CNI-ADMIN", "MINE", StringComparison.Ordinal)), pod).Text
        );

    [Fact]
    public void Nothing_is_deleted_where_no_rule_is() => Assert.True(AcceptRules.Delete(NatTable.Empty, pod).IsEmpty);

    [Fact]
    public void A_check_names_each_missing_rule_in_the_reference_s_words() =>
        Assert.Equal(
            [
                "expected FORWARD rule [-m comment --comment CNI firewall plugin rules -j CNI-FORWARD] not found",
                "expected CNI-FORWARD rule [-m comment --comment CNI firewall plugin admin overrides -j CNI-ADMIN] not found",
                "expected rule [-d 10.0.0.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT] not found",
                "expected rule [-s 10.0.0.2/32 -j ACCEPT] not found",
            ],
            AcceptRules.Check(NatTable.Empty, pod, AcceptRules.DefaultAdminChain)
        );
}
