using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Ports;

namespace Plugboard.Tests.Unit.Firewall.Iptables;

public sealed class RulePlanTests
{
    private static readonly Attachment Pod = new("test", "1234", "eth0");
    private static readonly PortMapping Web = new(8080, 80, PortProtocol.Tcp, null);
    private const string Chain = "CNI-DN-2bbe0c48b91a7d1b8a675";
    private const string Comment = """
        "dnat name: \"test\" id: \"1234\""
        """;

    [Fact]
    public void Masquerade_is_written_as_the_reference_writes_it() =>
        Assert.Equal(
            """
            *nat
            :CNI-2bbe0c48b91a7d1b8a6753a8 - [0:0]
            -A CNI-2bbe0c48b91a7d1b8a6753a8 -d 10.1.2.0/24 -m comment --comment "name: \"test\" id: \"1234\"" -j ACCEPT
            -A CNI-2bbe0c48b91a7d1b8a6753a8 ! -d 224.0.0.0/4 -m comment --comment "name: \"test\" id: \"1234\"" -j MASQUERADE
            -A POSTROUTING -s 10.1.2.5/32 -m comment --comment "name: \"test\" id: \"1234\"" -j CNI-2bbe0c48b91a7d1b8a6753a8
            COMMIT

            """,
            MasqueradeRules.Add(NatTable.Empty, Pod, [IPPrefix.Parse("10.1.2.5/24")]).Text
        );

    [Fact]
    public void Forwards_are_written_as_the_reference_writes_them() =>
        Assert.Equal(
            $"""
            *nat
            -N CNI-HOSTPORT-SETMARK
            -N CNI-HOSTPORT-MASQ
            -N CNI-HOSTPORT-DNAT
            -A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000
            -A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE
            -I POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
            -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
            -A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
            :{Chain} - [0:0]
            -A {Chain} -s 10.0.0.0/24 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK
            -A {Chain} -s 127.0.0.1/32 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK
            -A {Chain} -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.0.2:80
            -A CNI-HOSTPORT-DNAT -p tcp -m comment --comment {Comment} -m multiport --dports 8080 ! -i "my dev" -j {Chain}
            COMMIT

            """,
            Add(new HostPortOptions { ConditionsV4 = ["!", "-i", "my dev"] }, Web)
        );

    [Fact]
    public void Without_snat_nothing_is_marked()
    {
        var text = Add(new HostPortOptions { Snat = false }, Web);
        Assert.DoesNotContain("MASQ", text);
        Assert.DoesNotContain("SETMARK", text);
    }

    [Fact]
    public void Masquerading_all_marks_once_and_every_sender()
    {
        var text = Add(new HostPortOptions { MasqAll = true, MarkMasqBit = 31 }, Web);
        Assert.Contains("-A CNI-DN-2bbe0c48b91a7d1b8a675 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK\n", text);
        Assert.DoesNotContain("127.0.0.1", text);
        Assert.Contains("--set-xmark 0x80000000/0x80000000", text);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(32)]
    public void A_mark_has_32_bits(int bit) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Add(new HostPortOptions { MarkMasqBit = bit }, Web));

    [Fact]
    public void Another_chain_that_marks_replaces_ours()
    {
        var text = Add(new HostPortOptions { ExternalSetMarkChain = "KUBE-MARK-MASQ" }, Web);
        Assert.Contains("-s 10.0.0.0/24 -p tcp -m tcp --dport 8080 -j KUBE-MARK-MASQ\n", text);
        Assert.DoesNotContain("CNI-HOSTPORT-MASQ", text);
    }

    [Fact]
    public void Fifteen_ports_go_into_one_rule_and_protocols_into_their_own()
    {
        var mappings = Enumerable.Range(1, 16).Select(port => new PortMapping((ushort)port, 80, PortProtocol.Udp, null)).Append(Web);
        var entries = Add(new HostPortOptions(), [.. mappings])
            .Split('\n')
            .Where(line => line.StartsWith("-A CNI-HOSTPORT-DNAT", StringComparison.Ordinal))
            .ToList();
        Assert.Equal(3, entries.Count);
        Assert.Contains("-p tcp", entries[0]);
        Assert.Contains("--dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15 -j", entries[1]);
        Assert.Contains("--dports 16 -j", entries[2]);
    }

    [Fact]
    public void A_mapping_of_the_other_family_fills_no_chain_and_an_unspecified_address_matches_all()
    {
        PortMapping[] mappings = [Web with { HostIP = IPAddr.Parse("127.0.0.1") }, Web with { HostPort = 81, HostIP = IPAddr.Parse("::") }];
        var text = HostPortRules
            .Add(NatTable.Empty, new IptablesHostPorts(Pod, IPPrefix.Parse("2001:db8::2/64"), mappings, new HostPortOptions()))
            .Text;
        Assert.Contains("-A CNI-DN-2bbe0c48b91a7d1b8a675 -p tcp -m tcp --dport 81 -j DNAT --to-destination [2001:db8::2]:80\n", text);
        Assert.DoesNotContain("--dport 8080 ", text);
        Assert.DoesNotContain("127.0.0.1", text);
    }

    [Fact]
    public void Nothing_is_done_where_all_is_done_and_a_chain_of_yesterday_is_emptied()
    {
        var forwards = HostPortsOf(new HostPortOptions(), Web);
        var table = Saved(HostPortRules.Add(NatTable.Empty, forwards));
        Assert.True(HostPortRules.Add(table, forwards).IsEmpty);
        Assert.Empty(HostPortRules.Check(table, forwards));
        var moved = forwards with { Address = IPPrefix.Parse("10.0.0.9/24") };
        Assert.NotEmpty(HostPortRules.Check(table, moved));
        var lines = HostPortRules.Add(table, moved).Text.Split('\n');
        Assert.Equal(":CNI-DN-2bbe0c48b91a7d1b8a675 - [0:0]", lines[1]);
        Assert.All(lines[2..^2], line => Assert.StartsWith("-A CNI-DN-2bbe0c48b91a7d1b8a675 ", line));
    }

    [Fact]
    public void Deleting_removes_old_versions_chains_too_and_nothing_where_nothing_is()
    {
        var table = NatTable.Parse(
            """
            *nat
            :CNI-HOSTPORT-SNAT - [0:0]
            :CNI-SN-2bbe0c48b91a7d1b8a675 - [0:0]
            -A CNI-HOSTPORT-SNAT -m comment --comment "snat" -j CNI-SN-2bbe0c48b91a7d1b8a675
            -A CNI-SN-2bbe0c48b91a7d1b8a675 -s 127.0.0.1/32 -j MASQUERADE
            COMMIT
            """
        );
        Assert.Equal(
            """
            *nat
            -D CNI-HOSTPORT-SNAT -m comment --comment snat -j CNI-SN-2bbe0c48b91a7d1b8a675
            -F CNI-SN-2bbe0c48b91a7d1b8a675
            -X CNI-SN-2bbe0c48b91a7d1b8a675
            COMMIT

            """,
            HostPortRules.Delete(table, Pod).Text
        );
        Assert.Equal("", HostPortRules.Delete(NatTable.Empty, Pod).Text);
        Assert.Equal("", MasqueradeRules.Delete(NatTable.Empty, Pod, null).Text);
    }

    [Fact]
    public void A_check_names_what_is_missing_and_what_is_too_much()
    {
        var forwards = HostPortsOf(new HostPortOptions(), Web);
        Assert.Equal(["chain CNI-DN-2bbe0c48b91a7d1b8a675 is missing in the nat table"], HostPortRules.Check(NatTable.Empty, forwards));
        var script = HostPortRules.Add(NatTable.Empty, forwards);
        script.Append(new IptablesRule("CNI-DN-2bbe0c48b91a7d1b8a675", ["-j", "RETURN"]));
        Assert.Equal(
            ["rule -A CNI-DN-2bbe0c48b91a7d1b8a675 -j RETURN is not the pod's or stands twice"],
            HostPortRules.Check(Saved(script), forwards)
        );
        var less = NatTable.Parse(
            Text(HostPortRules.Add(NatTable.Empty, forwards)).Replace("-A OUTPUT", "-A ELSEWHERE", StringComparison.Ordinal)
        );
        Assert.Equal(
            ["rule -A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT is missing in the nat table"],
            HostPortRules.Check(less, forwards)
        );
    }

    [Fact]
    public void Only_the_chain_of_an_ended_pod_goes_and_only_where_it_has_one_of_the_ports()
    {
        var earlier = HostPortsOf(new HostPortOptions(), Web) with { Pod = new Attachment("other", "5678", "eth0") };
        var table = Saved(HostPortRules.Add(NatTable.Empty, earlier with { Address = IPPrefix.Parse("10.0.0.9/24") }));
        var sameAddress = Saved(HostPortRules.Add(NatTable.Empty, earlier));
        var now = HostPortsOf(new HostPortOptions(), Web);

        Assert.Contains("-X CNI-DN-", HostPortRules.Add(table, now, static _ => false).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("-X ", HostPortRules.Add(table, now, static _ => true).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("-X ", HostPortRules.Add(table, now, static _ => null).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("-X ", HostPortRules.Add(table, now).Text, StringComparison.Ordinal);
        Assert.Contains("-X CNI-DN-", HostPortRules.Add(sameAddress, now, static _ => null).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("-X ", HostPortRules.Add(sameAddress, now, static _ => true).Text, StringComparison.Ordinal);
        foreach (var apart in new[] { Web with { HostPort = 8081 }, Web with { Protocol = PortProtocol.Udp } })
            Assert.DoesNotContain(
                "-X ",
                HostPortRules.Add(table, HostPortsOf(new HostPortOptions(), apart), static _ => false).Text,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public void A_check_accepts_the_containers_other_network_and_rules_with_conditions_before_its_own()
    {
        var before = HostPortsOf(new HostPortOptions(), Web) with { Pod = new Attachment("other", "5678", "eth0") };
        var own = HostPortsOf(new HostPortOptions(), Web);
        Assert.Contains("leads to 10.0.0.2:80 before", Assert.Single(Differences(before)), StringComparison.Ordinal);
        Assert.Empty(Differences(before with { Pod = new Attachment("other", Pod.ContainerId, "eth0") }));
        Assert.Empty(Differences(before with { Options = new HostPortOptions { ConditionsV4 = ["-s", "192.0.2.0/24"] } }));

        IReadOnlyList<string> Differences(IptablesHostPorts other)
        {
            var first = Saved(HostPortRules.Add(NatTable.Empty, other));
            return HostPortRules.Check(
                NatTable.Parse(
                    Text(HostPortRules.Add(NatTable.Empty, other)).Replace("COMMIT\n", "", StringComparison.Ordinal)
                        + Text(HostPortRules.Add(first, own)).Replace("*nat\n", "", StringComparison.Ordinal)
                ),
                own
            );
        }
    }

    private static IptablesHostPorts HostPortsOf(HostPortOptions options, params PortMapping[] mappings) =>
        new(Pod, IPPrefix.Parse("10.0.0.2/24"), mappings, options);

    private static string Add(HostPortOptions options, params PortMapping[] mappings) =>
        HostPortRules.Add(NatTable.Empty, HostPortsOf(options, mappings)).Text;

    private static NatTable Saved(RestoreScript script) => NatTable.Parse(Text(script));

    // A script's additions read as iptables-save would write them.
    private static string Text(RestoreScript script) =>
        script
            .Text.Replace("-N CNI-HOSTPORT-DNAT", ":CNI-HOSTPORT-DNAT - [0:0]", StringComparison.Ordinal)
            .Replace("-I ", "-A ", StringComparison.Ordinal);
}
