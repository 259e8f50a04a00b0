using System.Globalization;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>
/// Goes on with packets up to a rate, or beyond it: <c>limit rate 10/second burst 5 packets</c>. Source: nft(8), LIMIT STATEMENT.
/// </summary>
/// <param name="packets">How many, at least 1.</param>
/// <param name="per">In which time.</param>
public sealed class Limit(ulong packets, LimitPer per) : Statement
{
    /// <summary>How many more may come at once; at least 1.</summary>
    public uint Burst { get; init; } = 5;

    /// <summary>Goes on with packets beyond the rate: <c>limit rate over</c>.</summary>
    public bool IsOver { get; init; }

    internal override void Write(RuleWriter rule) => rule.Expressions.Limit(packets, (ulong)per, Burst, IsOver);

    /// <summary>nft's words.</summary>
    public override string ToString()
    {
        var unit = per switch
        {
            LimitPer.Second => "second",
            LimitPer.Minute => "minute",
            LimitPer.Hour => "hour",
            _ => "day",
        };
        return string.Create(CultureInfo.InvariantCulture, $"limit rate {(IsOver ? "over " : "")}{packets}/{unit} burst {Burst} packets");
    }
}
