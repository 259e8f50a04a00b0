using System.Text;

namespace Plugboard.Protocols.Cni;

/// <summary>
/// The rules of the kernel for the name of a new interface. Pure. Source: net/core/dev.c, dev_valid_name, dev_get_valid_name.
/// </summary>
public static class InterfaceName
{
    /// <summary>The longest name in bytes: IFNAMSIZ without its closing zero (linux/if.h).</summary>
    public const int MaxBytes = 15;

    /// <summary>Why no interface can be made with this name, as <c>holds a blank</c>; null for a good one.</summary>
    public static string? FindFault(string name)
    {
        if (name.Length == 0)
            return "is empty";
        if (name.Length > MaxBytes || Encoding.UTF8.GetByteCount(name) > MaxBytes)
            return $"is longer than {MaxBytes} bytes";
        if (name is "." or "..")
            return "names a directory";
        // /proc/sys/net/ipv4/conf/all would be that of all links; kernels before 4.18 do make it.
        if (name is "all" or "default")
            return "stands for settings of all links below /proc/sys/net";
        foreach (var c in name)
        {
            if (FindFault(c) is { } fault)
                return fault;
        }

        return HasByteTakenForBlank(name) ? "holds a character that the kernel takes for a blank (byte 0xa0)" : null;
    }

    private static string? FindFault(char c) =>
        c switch
        {
            '/' => "holds a slash",
            ':' => "holds a colon",
            '%' => "holds a percent sign, which the kernel reads as a pattern: br%d is the first free of br0, br1, …",
            _ when char.IsWhiteSpace(c) => "holds a blank",
            _ when char.IsControl(c) => "holds a control character",
            _ => null,
        };

    // lib/ctype.c: isspace() is true for 0xa0, which is a part of some characters in UTF-8, such as à.
    private static bool HasByteTakenForBlank(string name) => Encoding.UTF8.GetBytes(name).AsSpan().Contains((byte)0xa0);
}
