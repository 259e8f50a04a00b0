using System.Globalization;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;

namespace Plugboard.Firewall.Conditions;

/// <summary>
/// Reads conditions in nft's words, as many after one another as there are: <c>ip saddr 10.0.0.0/8 tcp dport != 22</c>. Understood are
/// addresses, ports, links, marks and the state of flows, each with a value, a prefix or a range, of addresses and ports also several, <c>{
/// 22, 80-90 }</c>, and <c>!=</c>. Pure.
/// </summary>
internal sealed class NftConditions
{
    private readonly Queue<string> words;
    private readonly bool is6;

    private NftConditions(Queue<string> words, bool is6)
    {
        this.words = words;
        this.is6 = is6;
    }

    /// <summary>The statements of words; a word may hold several.</summary>
    /// <exception cref="ConditionException">A word is not understood.</exception>
    public static IReadOnlyList<Statement> Parse(IReadOnlyList<string> conditions, bool is6)
    {
        if (conditions.Count == 0)
            return [];
        var text = string.Join(' ', conditions);
        var split = (text.Contains('{') ? SpaceSets(text) : text).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var reader = new NftConditions(new Queue<string>(split), is6);
        var statements = new List<Statement>();
        while (reader.words.Count > 0)
            statements.Add(reader.ReadStatement());
        return statements;
    }

    // "{22,80}" is five words; a comma elsewhere, "ct state new,related", divides nothing.
    private static string SpaceSets(string text)
    {
        var spaced = new StringBuilder(text.Length + 16);
        var isInside = false;
        foreach (var c in text)
        {
            if (c is '{' or '}')
                isInside = c == '{';
            if (c is '{' or '}' || (c == ',' && isInside))
                spaced.Append(' ').Append(c).Append(' ');
            else
                spaced.Append(c);
        }

        return spaced.ToString();
    }

    private Statement ReadStatement()
    {
        var word = Next("a condition");
        switch (word)
        {
            case "ip" or "ip6":
                return ReadAddress(word);
            case "tcp" or "udp" or "sctp" or "th":
                return ReadPort(word);
            case "meta":
                return ReadMeta(Next("iifname, oifname, mark or l4proto"));
            case "iifname" or "oifname":
                return ReadMeta(word);
            case "ct":
                return ReadFlow();
            case "fib":
                return ReadFib();
            default:
                throw new ConditionException(word, $"\"{word}\" is no condition that is understood");
        }
    }

    private Statement ReadAddress(string family)
    {
        if ((family == "ip6") != is6)
            throw new ConditionException(family, $"\"{family}\" does not go with {(is6 ? "conditionsV6" : "conditionsV4")}");
        var word = Next("saddr or daddr");
        var selector = word switch
        {
            "saddr" => Selector.Saddr(is6),
            "daddr" => Selector.Daddr(is6),
            _ => throw new ConditionException(word, $"\"{family} {word}\" is not understood: saddr or daddr is"),
        };
        var (inverted, value) = ReadValue();
        if (value == "{")
            return new AnonymousLookup(selector, ReadSet(ReadAddresses), inverted);
        // With its mask, not as a range.
        if (value.Contains('/') && IPPrefix.TryParse(value, out var network) && network.Is6 == is6)
            return Cmp.InNetwork(selector, network, inverted);
        var (from, to) = ReadAddresses(value);
        return Cmp.Within(selector, from, to, inverted);
    }

    private (Field From, Field To) ReadAddresses(string value)
    {
        if (value.Contains('/') && IPPrefix.TryParse(value, out var network) && network.Is6 == is6)
            return (Field.Of(network.Network.Address), Field.Of(network.Last));
        var ends = value.Split('-');
        if (
            ends.Length > 2
            || !IPAddr.TryParse(ends[0], out var from)
            || !IPAddr.TryParse(ends[^1], out var to)
            || from.Is6 != is6
            || to.Is6 != is6
        )
            throw new ConditionException(value, $"\"{value}\" is no {(is6 ? "IPv6" : "IPv4")} address, network or range");
        return Ordered(Field.Of(from), Field.Of(to), value);
    }

    private static (Field From, Field To) Ordered(Field from, Field to, string value) =>
        from.Bytes.AsSpan().SequenceCompareTo(to.Bytes) <= 0
            ? (from, to)
            : throw new ConditionException(value, $"\"{value}\" ends before it begins");

    private Statement ReadPort(string protocol)
    {
        var word = Next("sport or dport");
        if (word is not ("sport" or "dport"))
            throw new ConditionException(word, $"\"{protocol} {word}\" is not understood: sport or dport is");
        var isSource = word == "sport";
        var selector = protocol switch
        {
            "tcp" => Selector.PortOf(protocol, 6, isSource),
            "udp" => Selector.PortOf(protocol, 17, isSource),
            "sctp" => Selector.PortOf(protocol, 132, isSource),
            _ => isSource ? Selector.Sport : Selector.Dport,
        };
        var (inverted, value) = ReadValue();
        if (value == "{")
            return new AnonymousLookup(selector, ReadSet(ReadPorts), inverted);
        var (from, to) = ReadPorts(value);
        return Cmp.Within(selector, from, to, inverted);
    }

    private static (Field From, Field To) ReadPorts(string value)
    {
        var ends = value.Split('-');
        if (
            ends.Length > 2
            || !ushort.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            || !ushort.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var to)
        )
            throw new ConditionException(value, $"\"{value}\" is no port or range of ports");
        return Ordered(Field.Port(from), Field.Port(to), value);
    }

    private Cmp ReadMeta(string word)
    {
        var (inverted, value) = ReadValue();
        switch (word)
        {
            case "iifname" or "oifname":
                var name = value.Trim('"');
                if (Encoding.UTF8.GetByteCount(name) is 0 or > 15 || name.Contains('*'))
                    throw new ConditionException(value, $"\"{name}\" is no link's name");
                return Cmp.Equal(word == "iifname" ? Selector.Iifname : Selector.Oifname, Field.Link(name), inverted);
            case "mark":
                return Cmp.Equal(Selector.MetaMark, Field.Mark(ReadMark(value)), inverted);
            case "l4proto":
                var number = value switch
                {
                    "tcp" => 6,
                    "udp" => 17,
                    "sctp" => 132,
                    _ => throw new ConditionException(value, $"\"{value}\" is not tcp, udp or sctp"),
                };
                return Cmp.Equal(Selector.L4Proto, Field.Protocol((byte)number), inverted);
            default:
                throw new ConditionException(word, $"\"meta {word}\" is not understood: iifname, oifname, mark and l4proto are");
        }
    }

    private Statement ReadFlow()
    {
        var word = Next("state or mark");
        var (inverted, value) = ReadValue();
        if (word == "mark")
            return Cmp.Equal(Selector.CtMark, Field.Mark(ReadMark(value)), inverted);
        if (word != "state" || inverted)
            throw new ConditionException(word, $"\"ct {word}{(inverted ? " !=" : "")}\" is not understood: ct state and ct mark are");
        return Ct.FindState(value) ?? throw new ConditionException(value, $"\"{value}\" is no state of a flow");
    }

    private FibType ReadFib()
    {
        var rest = string.Join(' ', Next("daddr"), Next("type"), Next("local"));
        return rest == "daddr type local"
            ? new FibType()
            : throw new ConditionException("fib", $"\"fib {rest}\" is not understood: fib daddr type local is");
    }

    private static uint ReadMark(string value)
    {
        var isHex = value.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return uint.TryParse(
            isHex ? value.AsSpan(2) : value,
            isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var mark
        )
            ? mark
            : throw new ConditionException(value, $"\"{value}\" is no mark");
    }

    private (bool Inverted, string Value) ReadValue()
    {
        var word = Next("a value");
        return word switch
        {
            "!=" => (true, Next("a value")),
            "==" or "eq" => (false, Next("a value")),
            "ne" => (true, Next("a value")),
            _ => (false, word),
        };
    }

    // "{ a, b }": the words have been divided at braces and commas too.
    private List<(Field From, Field To)> ReadSet(Func<string, (Field From, Field To)> readValue)
    {
        var values = new List<(Field, Field)>();
        while (true)
        {
            values.Add(readValue(Next("a value")));
            var word = Next(", or }");
            if (word == "}")
                return values;
            if (word != ",")
                throw new ConditionException(word, $"\"{word}\" stands where , or }} is wanted");
        }
    }

    private string Next(string wanted) =>
        words.TryDequeue(out var word) ? word : throw new ConditionException("", $"the conditions end where {wanted} is wanted");
}
