using System.Text;

namespace Plugboard.Portmap;

/// <summary>Names of iptables chains in a config. Pure.</summary>
internal static class ChainName
{
    /// <summary>The most bytes of a name: iptables(8), XT_EXTENSION_MAXNAMELEN is 29 with its NUL.</summary>
    public const int Longest = 28;

    /// <summary>True if iptables takes it for a name, not for an option or a "not".</summary>
    public static bool IsValid(string name) =>
        name.Length > 0
        && Encoding.UTF8.GetByteCount(name) <= Longest
        && name[0] is not ('-' or '!')
        && !name.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c));
}
