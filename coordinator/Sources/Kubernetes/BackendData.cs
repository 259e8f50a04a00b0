using System.Globalization;
using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// flannel's annotation of where a tunnel ends, as its vxlan backend writes it (pkg/backend/vxlan, vxlanLeaseAttrs). Pure.
/// </summary>
internal static class BackendData
{
    private const int MostVni = 0xff_ffff;
    private const int LongestShown = 64;

    /// <summary>What a backend without data has.</summary>
    public const string None = "null";

    /// <summary>The text, to the letter flannel's.</summary>
    public static string Write(VtepData? vtep) =>
        vtep is null ? None : string.Create(CultureInfo.InvariantCulture, $$"""{"VNI":{{vtep.Vni}},"VtepMAC":"{{vtep.Mac}}"}""");

    /// <summary>The tunnel's end; null if absent or invalid.</summary>
    public static VtepData? Find(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? Find(document.RootElement) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Why the text is there and is no end of a tunnel, for people; null if it is one, or another backend's.</summary>
    public static string? FindFault(string? text)
    {
        if (string.IsNullOrEmpty(text) || text == None)
            return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            return FindFault(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "it is not JSON";
        }
    }

    /// <summary>As <see cref="FindFault(string)"/>, of JSON that is read already.</summary>
    public static string? FindFault(JsonElement data)
    {
        if (data.ValueKind == JsonValueKind.Null)
            return null;
        if (data.ValueKind != JsonValueKind.Object)
            return "it is not a JSON object";
        if (Find(data) is not null)
            return null;
        foreach (var field in data.EnumerateObject())
        {
            var shown = Complaints.Quote(field.Value.ToString(), LongestShown);
            if (field.Name.Equals("VNI", StringComparison.OrdinalIgnoreCase) && !IsVni(field.Value, out _))
                return field.Value.ValueKind == JsonValueKind.String
                    ? $"its VNI is the text {shown}, not a number"
                    : $"its VNI {shown} is not a number from 1 to {MostVni}";
            if (field.Name.Equals("VtepMAC", StringComparison.OrdinalIgnoreCase))
                return $"its VtepMAC {shown} is not the hardware address of one interface";
        }

        return null;
    }

    private static bool IsVni(JsonElement value, out int vni)
    {
        vni = 0;
        return value.ValueKind == JsonValueKind.Null
            || (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out vni) && vni is >= 0 and <= MostVni);
    }

    // Go finds a struct's names whatever their case.
    internal static VtepData? Find(JsonElement data)
    {
        // A missing VNI is the cluster's; one that is not a number matches no tunnel, as in flanneld.
        var vni = 0;
        var isNumber = true;
        MacAddress mac = default;
        foreach (var field in data.EnumerateObject())
        {
            if (field.Name.Equals("VNI", StringComparison.OrdinalIgnoreCase))
                isNumber = IsVni(field.Value, out vni);
            else if (field.Name.Equals("VtepMAC", StringComparison.OrdinalIgnoreCase) && field.Value.ValueKind == JsonValueKind.String)
                _ = MacAddress.TryParse(field.Value.GetString(), out mac);
        }

        return isNumber && !mac.IsZero && !mac.IsMulticast ? new VtepData(vni, mac) : null;
    }
}
