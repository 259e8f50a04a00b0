using System.Globalization;

namespace Plugboard.Drivers;

/// <summary>
/// What values of the drivers that we take the place of mean to a backend. Each knows the backend's name of the option and its value as
/// it is written.
/// </summary>
internal static class ForeignValues
{
    /// <summary>Where ramax.com/local-storage keeps volumes with file-sync.</summary>
    public const string FileSyncRoot = "/srv/file-sync";

    /// <summary>Its script has one transport, whatever the option says.</summary>
    public static string OfK8s(string name, string value) => name == "proto" && value is "udp" or "udp6" ? "tcp" : value;

    /// <summary>"none" says that there are no options, not even the driver's own.</summary>
    public static string OfAlicloud(string name, string value) =>
        name == "mountOptions" && value.Trim().Equals("none", StringComparison.OrdinalIgnoreCase) ? "defaults" : value;

    /// <summary>
    /// Its directory of a pod is called after the pod's name; file-sync is another root. For Python each text but the empty one is true.
    /// </summary>
    public static string OfRamax(string name, string value) =>
        name switch
        {
            "perPod" => value == "false" ? value : "name",
            "root" => FileSyncRoot,
            _ => value,
        };

    /// <summary>Sizes as truncate(1) has them: 30m is 30 MiB, 30MB a million bytes each.</summary>
    public static string OfKvaps(string name, string value)
    {
        var text = value.Trim();
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        if (
            name != "size"
            || digits <= 0
            || !long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        )
            return value;
        var suffix = text[digits..];
        var power = "KMGTPE".IndexOf(char.ToUpperInvariant(suffix[0]), StringComparison.Ordinal) + 1;
        Int128 unit = suffix[1..] switch
        {
            "" or "iB" => 1024,
            "B" => 1000,
            _ => 0,
        };
        Int128 bytes = number;
        for (var i = 0; i < power && bytes <= long.MaxValue; i++)
            bytes *= unit;
        return power == 0 || unit == 0 || bytes > long.MaxValue ? value : bytes.ToString(CultureInfo.InvariantCulture);
    }
}
