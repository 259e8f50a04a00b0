using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesCompatH;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Walk;

/// <summary>
/// Reads nftables' rules as <see cref="WalkedRule"/>s for one packet: it runs their expressions on it, as the kernel would.
/// </summary>
internal sealed class NftRuleReader(WalkedPacket packet, Table table)
{
    private readonly NftRegisters registers = new(packet);
    private readonly List<SetLookup> lookups = [];
    private Match match;
    private RuleAction action;
    private string target = "";

    /// <summary>A rule of the table; null: of another.</summary>
    public WalkedRule? Read(NetlinkMessage message)
    {
        registers.Clear();
        lookups.Clear();
        (match, action, target) = (Match.Yes, RuleAction.None, "");
        string chain = "",
            comment = "";
        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            switch (attributes.Type)
            {
                case NFTA_RULE_TABLE when attributes.String() != table.Name:
                    return null;
                case NFTA_RULE_CHAIN:
                    chain = attributes.String();
                    break;
                case NFTA_RULE_USERDATA:
                    comment = UserDataComment.Read(UserDataComment.InRule, attributes.Value);
                    break;
                case NFTA_RULE_EXPRESSIONS:
                    Run(attributes.Nested());
                    break;
            }
        }

        return lookups.Count == 0 || match != Match.Yes
            ? new WalkedRule(chain, match, action, target, comment)
            : new WalkedRule(chain, Match.Maybe, action, target, comment) { Lookups = [.. lookups] };
    }

    private void Run(AttributeReader expressions)
    {
        while (expressions.Read())
        {
            var name = "";
            var parts = expressions.Nested();
            while (parts.Read())
            {
                if (parts.Type == NFTA_EXPR_NAME)
                    name = parts.String();
                else if (parts.Type == NFTA_EXPR_DATA)
                    Run(name, parts.Nested());
            }

            if (name == "masq")
                action = RuleAction.Snat;
        }
    }

    private void Run(string name, AttributeReader data)
    {
        if (registers.TryRun(name, data))
            return;
        switch (name)
        {
            case "cmp":
                Compare(data);
                break;
            case "immediate":
                Immediate(data);
                break;
            case "nat":
                Nat(data);
                break;
            case "match":
                XtMatch(data);
                break;
            case "target":
                XtTarget(data);
                break;
            case "counter" or "masq" or "log" or "notrack":
                break;
            case "reject":
                action = RuleAction.Drop;
                break;
            case "redir" or "queue" or "tproxy":
                action = RuleAction.End;
                break;
            case "lookup":
                Lookup(data);
                break;
            default:
                Doubt();
                break;
        }
    }

    private void Doubt() => match = match == Match.No ? Match.No : Match.Maybe;

    private void Compare(AttributeReader data)
    {
        uint register = 0,
            operation = 0;
        byte[] wanted = [];
        while (data.Read())
        {
            switch (data.Type)
            {
                case NFTA_CMP_SREG:
                    register = data.UInt32BigEndian();
                    break;
                case NFTA_CMP_OP:
                    operation = data.UInt32BigEndian();
                    break;
                case NFTA_CMP_DATA:
                    wanted = NftRegisters.Value(data.Nested());
                    break;
            }
        }

        if (registers.Find(register) is not { } value || value.Length < wanted.Length)
        {
            Doubt();
            return;
        }

        var order = value.AsSpan(0, wanted.Length).SequenceCompareTo(wanted);
        var holds = operation switch
        {
            NFT_CMP_EQ => order == 0,
            NFT_CMP_NEQ => order != 0,
            NFT_CMP_LT => order < 0,
            NFT_CMP_LTE => order <= 0,
            NFT_CMP_GT => order > 0,
            _ => order >= 0,
        };
        if (!holds)
            match = Match.No;
    }

    private void Immediate(AttributeReader data)
    {
        while (data.Read())
        {
            if (data.Type != NFTA_IMMEDIATE_DATA)
                continue;
            var value = data.Nested();
            while (value.Read())
            {
                if (value.Type == NFTA_DATA_VERDICT)
                    Verdict(value.Nested());
            }
        }
    }

    private void Verdict(AttributeReader verdict)
    {
        while (verdict.Read())
        {
            if (verdict.Type == NFTA_VERDICT_CHAIN)
                target = verdict.String();
            else if (verdict.Type == NFTA_VERDICT_CODE)
            {
                action = (int)verdict.UInt32BigEndian() switch
                {
                    NFT_JUMP => RuleAction.Jump,
                    NFT_GOTO => RuleAction.Goto,
                    NFT_RETURN => RuleAction.Return,
                    NF_ACCEPT => RuleAction.Accept,
                    NF_DROP => RuleAction.Drop,
                    _ => RuleAction.None,
                };
            }
        }
    }

    // A set's content is read only if the packet comes to the rule; a map of verdicts may lead anywhere until then.
    private void Lookup(AttributeReader data)
    {
        var (set, register, inverted) = ("", 0u, false);
        uint? result = null;
        while (data.Read())
        {
            switch (data.Type)
            {
                case NFTA_LOOKUP_SET:
                    set = data.String();
                    break;
                case NFTA_LOOKUP_SREG:
                    register = data.UInt32BigEndian();
                    break;
                case NFTA_LOOKUP_DREG:
                    result = data.UInt32BigEndian();
                    break;
                case NFTA_LOOKUP_FLAGS:
                    inverted = data.UInt32BigEndian() != 0;
                    break;
            }
        }

        if (result == NFT_REG_VERDICT)
            action = RuleAction.Unknown;
        else if (result is { } other)
            registers.Forget(other);
        if (registers.Find(register) is { } key)
            lookups.Add(new SetLookup(set, key, inverted, result == NFT_REG_VERDICT));
        else
            Doubt();
    }

    private void Nat(AttributeReader data)
    {
        while (data.Read())
        {
            if (data.Type == NFTA_NAT_TYPE)
                action = data.UInt32BigEndian() == NFT_NAT_SNAT ? RuleAction.Snat : RuleAction.End;
        }
    }

    private void XtMatch(AttributeReader data)
    {
        var name = "";
        while (data.Read())
        {
            if (data.Type == NFTA_MATCH_NAME)
                name = data.String();
            else if (data.Type == NFTA_MATCH_INFO)
                Apply(XtMatches.Judge(name, data.Value));
        }
    }

    private void Apply(Match found)
    {
        if (found == Match.No)
            match = Match.No;
        else if (found == Match.Maybe)
            Doubt();
    }

    private void XtTarget(AttributeReader data)
    {
        while (data.Read())
        {
            if (data.Type == NFTA_TARGET_NAME)
                action = XtMatches.ActionOf(data.String());
        }
    }
}
