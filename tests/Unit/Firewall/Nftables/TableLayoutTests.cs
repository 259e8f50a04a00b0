using Plugboard.Firewall.Accepting;
using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;

namespace Plugboard.Tests.Unit.Firewall.Nftables;

/// <summary>The number by which an ADD knows that a table is as this build writes it.</summary>
public sealed class TableLayoutTests
{
    public static TheoryData<string> Tables => ["portmap", "masquerade", "macspoof", "firewall"];

    private static NodeTable Make(string name) =>
        name switch
        {
            "portmap" => new HostPortTable(),
            "masquerade" => new MasqueradeTable(),
            "firewall" => new IsolationTable(),
            _ => new SpoofCheckTable(),
        };

    // Who changes a set, a chain or a rule writes the new number into the table: else an ADD would take a table of an older build for its
    // own.
    [Theory]
    [MemberData(nameof(Tables))]
    public void A_table_that_changes_gets_another_number(string name)
    {
        var table = Make(name);
        var now = table.Definition.Fingerprint();
        Assert.True(table.Layout == now, $"the content of {table.Table} has changed: Layout is 0x{now:x16} now");
    }

    [Fact]
    public void Whatever_part_changes_the_number_does()
    {
        var whole = new MasqueradeTable().Definition;
        var first = whole.Chains[1];
        TableDefinition[] others =
        [
            whole with
            {
                Rules = [.. whole.Rules.Skip(1)],
            },
            whole with
            {
                Rules = [.. whole.Rules.Reverse()],
            },
            whole with
            {
                Sets = [.. whole.Sets.Select(static set => set with { AllowsTimeouts = false })],
            },
            whole with
            {
                Sets = [whole.Sets[0] with { Key = [DataType.Ipv6Addr] }, .. whole.Sets.Skip(1)],
            },
            whole with
            {
                Chains = [whole.Chains[0], first with { Hook = first.Hook! with { Priority = 0 } }],
            },
            whole with
            {
                Chains = [whole.Chains[0], first with { Hook = first.Hook! with { DropsByDefault = true } }],
            },
        ];
        Assert.Equal(others.Length + 1, others.Append(whole).Select(static definition => definition.Fingerprint()).Distinct().Count());
    }

    [Fact]
    public void A_stamp_stands_behind_the_comment_and_is_found_there()
    {
        var stamp = new RuleStamp(0x0123456789abcdef, 3, 12);
        var data = stamp.AppendTo(UserDataComment.Write(UserDataComment.InRule, "why"));
        Assert.Equal(stamp, RuleStamp.Find(data));
        Assert.Equal("why", UserDataComment.Read(UserDataComment.InRule, data));
        Assert.Equal(stamp, RuleStamp.Find(stamp.AppendTo([])));
        for (var length = 0; length < data.Length; length++)
            Assert.Null(RuleStamp.Find(data.AsSpan(0, length)));
    }
}
