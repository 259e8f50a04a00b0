using System.Globalization;
using System.Text;
using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// A node's lease in flannel's registry. The last part of its key names the networks, its value says how the node is reached. Pure.
/// </summary>
internal sealed record SubnetLease
{
    private const int LongestShown = 64;

    /// <summary>The last part of its key.</summary>
    public required string Key { get; init; }

    /// <summary>Its networks, at most one per family, IPv4 first.</summary>
    public required ValueArray<IPPrefix> Subnets { get; init; }

    /// <summary>What its node advertises.</summary>
    public required NodeAdvertisement Node { get; init; }

    /// <summary>Its value is invalid, or names no node: its earlier value applies.</summary>
    public bool IsBroken { get; init; }

    /// <summary>
    /// The last part of a key: <c>10.5.52.0-24</c>, <c>10.5.52.0-24&amp;fd00:12:13::-56</c>, for IPv6 alone
    /// <c>0.0.0.0-0&amp;fd00:12:13::-56</c>.
    /// </summary>
    public static string FormatKey(ValueArray<IPPrefix> subnets)
    {
        var key = new StringBuilder(subnets.Count == 0 || subnets[0].Is6 ? "0.0.0.0-0" : Part(subnets[0]));
        foreach (var subnet in subnets)
        {
            if (subnet.Is6)
                key.Append('&').Append(Part(subnet));
        }

        return key.ToString();

        static string Part(IPPrefix subnet) => string.Create(CultureInfo.InvariantCulture, $"{subnet.Address}-{subnet.Length}");
    }

    /// <summary>The networks of a key's last part.</summary>
    /// <exception cref="FormatException">It names none.</exception>
    public static ValueArray<IPPrefix> ParseKey(string key)
    {
        var parts = key.Split('&');
        if (parts.Length > 2)
            throw new FormatException("the key has more than two networks");
        var subnets = new List<IPPrefix>(2);
        for (var i = 0; i < parts.Length; i++)
        {
            // flanneld does not read a key with a slash: to its nodes the node would be absent.
            var hasSlash = parts[i].Contains('/', StringComparison.Ordinal);
            if (!IPPrefix.TryParse(parts[i].Replace('-', '/'), out var subnet) || subnet.Is6 != (i == 1))
                throw new FormatException(
                    $"the key's {Complaints.Quote(parts[i], LongestShown)} is not an {(i == 1 ? "IPv6" : "IPv4")} network"
                );
            if (hasSlash)
                throw new FormatException(
                    $"the key's {Complaints.Quote(parts[i], LongestShown)} is not flannel's form: {parts[i].Replace('/', '-')}"
                );
            if (!subnet.IsNetwork)
                throw new FormatException(
                    $"the key's {Complaints.Quote(parts[i], LongestShown)} is an address in a network: the network is {subnet.Network}"
                );
            // flannel's word for "none".
            if (!subnet.IsDefault || i == 1)
                subnets.Add(subnet);
        }

        return subnets.Count > 0 ? subnets.ToValueArray() : throw new FormatException("the key names no network");
    }

    /// <summary>The value, byte for byte as flannel writes it.</summary>
    public static string FormatValue(NodeAdvertisement node)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("PublicIP", AddressOf(node, is6: false)?.ToString() ?? "0.0.0.0");
            if (AddressOf(node, is6: true) is { } address6)
                json.WriteString("PublicIPv6", address6.ToString());
            else
                json.WriteNull("PublicIPv6");
            if (node.BackendType.Length > 0)
                json.WriteString("BackendType", node.BackendType);
            WriteVtep(json, "BackendData", node.Vtep4);
            WriteVtep(json, "BackendV6Data", node.Vtep6);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    /// <summary>Parses a value of flannel's or of ours; unknown backend data is ignored.</summary>
    /// <exception cref="FormatException">The text is not a lease's value.</exception>
    public static NodeAdvertisement ParseValue(string value)
    {
        try
        {
            using var document = JsonDocument.Parse(value);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw new FormatException("the value is not a JSON object");
            var addresses = new List<IPAddr>(2);
            ReadAddress(root, "PublicIP", is6: false, addresses);
            ReadAddress(root, "PublicIPv6", is6: true, addresses);
            return new NodeAdvertisement
            {
                BackendType = Find(root, "BackendType") is { ValueKind: JsonValueKind.String } type ? type.GetString()! : "",
                Addresses = addresses.ToValueArray(),
                Vtep4 = ReadVtep(root, "BackendData"),
                Vtep6 = ReadVtep(root, "BackendV6Data"),
            };
        }
        catch (JsonException e)
        {
            throw new FormatException("the value is not JSON", e);
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("the value has a string that is not Unicode", e);
        }
    }

    /// <summary>What of a valid value has no effect, and why; null: nothing.</summary>
    public static string? FindFault(string value)
    {
        using var document = JsonDocument.Parse(value);
        foreach (var name in (ReadOnlySpan<string>)["BackendData", "BackendV6Data"])
        {
            if (Find(document.RootElement, name) is { } data && BackendData.FindFault(data) is { } fault)
                return $"the value's {name} has no effect: {fault}";
        }

        return null;
    }

    /// <summary>The address of a family; null: none.</summary>
    public static IPAddr? AddressOf(NodeAdvertisement node, bool is6)
    {
        foreach (var address in node.Addresses)
        {
            if (address.Is6 == is6)
                return address;
        }

        return null;
    }

    /// <summary>The end of a tunnel that a node says, with the hardware address that its lease has, which the other nodes know.</summary>
    public static VtepData? EndOf(VtepData? said, VtepData? leased) =>
        said is { } own && leased is { Mac: { IsZero: false, IsMulticast: false } } known && (known.Vni == 0 || known.Vni == own.Vni)
            ? own with
            {
                Mac = known.Mac,
            }
            : said;

    /// <summary>The node as the store knows it.</summary>
    public ClusterNode ToNode(string name) =>
        new()
        {
            Name = name,
            PodCidrs = Subnets,
            Addresses = Node.Addresses,
            BackendType = Node.BackendType,
            Vtep4 = Node.Vtep4,
            Vtep6 = Node.Vtep6,
        };

    private static void WriteVtep(Utf8JsonWriter json, string name, VtepData? vtep)
    {
        if (vtep is null)
            return;
        json.WriteStartObject(name);
        json.WriteNumber("VNI", vtep.Vni);
        json.WriteString("VtepMAC", vtep.Mac.ToString());
        json.WriteEndObject();
    }

    private static void ReadAddress(JsonElement root, string name, bool is6, List<IPAddr> addresses)
    {
        if (Find(root, name) is not { } value || value.ValueKind == JsonValueKind.Null)
            return;
        if (value.ValueKind != JsonValueKind.String || !IPAddr.TryParse(value.GetString(), out var address) || address.Is6 != is6)
            throw new FormatException($"the value's {name} is not an {(is6 ? "IPv6" : "IPv4")} address");
        if (!address.IsUnspecified)
            addresses.Add(address);
    }

    private static VtepData? ReadVtep(JsonElement root, string name) =>
        Find(root, name) is { ValueKind: JsonValueKind.Object } data ? BackendData.Find(data) : null;

    // Go finds a struct's names whatever their case; the last one counts.
    private static JsonElement? Find(JsonElement root, string name)
    {
        JsonElement? found = null;
        foreach (var field in root.EnumerateObject())
        {
            if (field.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                found = field.Value;
        }

        return found;
    }
}
