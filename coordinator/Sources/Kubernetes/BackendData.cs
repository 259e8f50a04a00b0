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
                isNumber =
                    field.Value.ValueKind == JsonValueKind.Null
                    || (field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetInt32(out vni));
            else if (field.Name.Equals("VtepMAC", StringComparison.OrdinalIgnoreCase) && field.Value.ValueKind == JsonValueKind.String)
                _ = MacAddress.TryParse(field.Value.GetString(), out mac);
        }

        return isNumber && vni is >= 0 and <= MostVni && !mac.IsZero && !mac.IsMulticast ? new VtepData(vni, mac) : null;
    }
}
