namespace Plugboard.Protocols.FlexVolume;

/// <summary>
/// The name that a FlexVolume driver is installed under: <c>&lt;plugindir&gt;/&lt;vendor&gt;~&lt;driver&gt;/&lt;driver&gt;</c>, or without
/// a vendor.
/// </summary>
/// <param name="Vendor">The vendor; empty if none.</param>
/// <param name="Driver">The driver.</param>
public sealed record DriverName(string Vendor, string Driver)
{
    private const int LongestPart = 63;

    /// <summary>As a pod names it: <c>vendor/driver</c>.</summary>
    public string Slashed => Vendor.Length == 0 ? Driver : $"{Vendor}/{Driver}";

    /// <summary>As the directory is named: <c>vendor~driver</c>.</summary>
    public string Tilded => Vendor.Length == 0 ? Driver : $"{Vendor}~{Driver}";

    /// <summary>Reads <c>vendor~driver</c>, <c>vendor/driver</c> or a driver alone; null if it is neither.</summary>
    public static DriverName? Find(string text)
    {
        var at = text.IndexOfAny(['~', '/']);
        var name = at < 0 ? new DriverName("", text) : new DriverName(text[..at], text[(at + 1)..]);
        return IsName(name.Driver) && (at < 0 || IsName(name.Vendor)) ? name : null;
    }

    // Kubernetes wants a qualified name: letters, digits, '-', '_' and '.'.
    private static bool IsName(string text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))
                return false;
        }

        return text.Length is > 0 and <= LongestPart && char.IsAsciiLetterOrDigit(text[0]);
    }
}
