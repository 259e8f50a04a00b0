namespace Plugboard.HostDevice;

/// <summary>The address of a PCI device. Pure.</summary>
internal static class PciAddress
{
    /// <summary>
    /// An address as sysfs writes it: a device has one spelling, and so one lock and one record. Configs also have upper case, and leave
    /// the domain out where it is 0, as lspci(8) does. Any other text stays as it is.
    /// </summary>
    public static string Normalize(string text) =>
        IsAddress(text) ? text.ToLowerInvariant()
        : IsAddress($"0000:{text}") ? $"0000:{text.ToLowerInvariant()}"
        : text;

    // Some bridges (VMD) have domains of five digits.
    private static bool IsAddress(string text) =>
        text.Split(':') is [{ Length: >= 4 and <= 8 } domain, { Length: 2 } bus, { Length: 4 } slot]
        && slot[2] == '.'
        && slot[3] is >= '0' and <= '7'
        && $"{domain}{bus}{slot[..2]}".All(char.IsAsciiHexDigit);
}
