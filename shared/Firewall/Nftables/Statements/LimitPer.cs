namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>The time of a rate; its value is in seconds.</summary>
public enum LimitPer
{
    /// <summary>A second.</summary>
    Second = 1,

    /// <summary>A minute.</summary>
    Minute = 60,

    /// <summary>An hour.</summary>
    Hour = 3600,

    /// <summary>A day.</summary>
    Day = 86_400,
}
