using System.Text;

namespace Plugboard.Portmap;

/// <summary>Names of iptables chains in a config. Pure.</summary>
internal static class ChainName
{
    /// <summary>The most bytes of a name: iptables(8), XT_EXTENSION_MAXNAMELEN is 29 with its NUL.</summary>
    public const int Longest = 28;

    /// <summary>True for the targets and chains that iptables has itself, and the plugins' own chains.</summary>
    public static bool IsReserved(string name) =>
        name is "ACCEPT" or "DROP" or "QUEUE" or "REJECT" or "RETURN" or "INPUT" or "FORWARD" or "OUTPUT"
        || name.StartsWith("CNI-FORWARD", StringComparison.Ordinal)
        || name.StartsWith("CNI-ISOLATION-", StringComparison.Ordinal);

    /// <summary>True if iptables takes it for a name, not for an option or a "not".</summary>
    public static bool IsValid(string name) =>
        name.Length > 0
        && Encoding.UTF8.GetByteCount(name) <= Longest
        && name[0] is not ('-' or '!')
        && !name.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c));
}
