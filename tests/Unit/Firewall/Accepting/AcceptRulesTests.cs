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
    public void The_last_pod_takes_its_rules_and_leaves_the_chains() =>
        Assert.Equal(
            """
            *filter
            -D CNI-FORWARD -d 10.0.0.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            -D CNI-FORWARD -s 10.0.0.2/32 -j ACCEPT
            COMMIT

            """,
            AcceptRules.Delete(Table(Reference), pod).Text
        );

    [Fact]
    public void By_their_places_rules_are_deleted_from_the_last_one() =>
        Assert.Equal("*filter\n-D CNI-FORWARD 3\n-D CNI-FORWARD 2\nCOMMIT\n", AcceptRules.DeleteByPlace(Table(Reference), pod).Text);

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
