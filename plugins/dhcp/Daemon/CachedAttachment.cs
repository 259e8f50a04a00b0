using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Daemon;

/// <summary>
/// An attachment with an address by DHCP, as its runtime's cache has it: libcni keeps the config and the result of each ADD until DEL, for
/// whichever make of plugin. Source: CNI's libcni, "cniCacheV1". Pure.
/// </summary>
internal sealed record CachedAttachment
{
    private const string Kind = "cniCacheV1";

    /// <summary>Who had the lease, and how it was asked for.</summary>
    public required LeaseOrder Order { get; init; }

    /// <summary>The IPv4 address; null if DHCP gave none.</summary>
    public IPPrefix? Address { get; init; }

    /// <summary>The IPv6 address; null if DHCPv6 gave none.</summary>
    public IPPrefix? Address6 { get; init; }

    /// <summary>Both.</summary>
    public IReadOnlyList<IPPrefix> Addresses => [.. new[] { Address, Address6 }.OfType<IPPrefix>()];

    /// <summary>The interface's hardware address; null if the result does not say.</summary>
    public MacAddress? Hardware { get; init; }

    /// <summary>The file.</summary>
    public string Path { get; init; } = "";

    /// <summary>The attachment of a file; null if it is another kind of file, or its addresses are not by DHCP.</summary>
    /// <exception cref="CniException">It is invalid.</exception>
    public static CachedAttachment? Parse(ReadOnlySpan<byte> content)
    {
        var value = JsonValue.Parse(content, "the result is no JSON");
        var root = new ConfigNode(value, "");
        if (value.Kind != JsonValueKind.Object || root.GetString("kind") != Kind || root.FindObject("result") is not { } node)
            return null;
        var config = NetworkConfig.Parse(FromBase64(root.GetString("config")));
        if (FindPlugin(config) is not { } plugin)
            return null;
        var result = CniResultReader.Read(JsonMembers.From(node.Value).ToBytes(), config.DecodeVersion());
        var ifName = root.GetString("ifName");
        var @interface = result.InterfaceOf(ifName);
        // Before 1.3 libcni does not keep the namespace; the result has it, unless it is of 0.2.0.
        var netNs = root.GetString("netns") is { Length: > 0 } kept ? kept : @interface?.Sandbox ?? "";
        var owner = new Attachment(config.Name, root.GetString("containerId"), ifName);
        var order = new LeaseOrder(owner, netNs, ReadArgs(root), plugin);
        var families = order.ReadConfig();
        var attachment = new CachedAttachment
        {
            Order = order,
            Address = families.HasIPv4 ? Find(result, ifName, is6: false) : null,
            Address6 = families.HasIPv6 && !families.IsStateless ? Find(result, ifName, is6: true) : null,
            Hardware = MacAddress.TryParse(@interface?.Mac ?? "", out var hardware) ? hardware : null,
        };
        return netNs.Length > 0 && attachment.Addresses.Count > 0 ? attachment : null;
    }

    private static IPPrefix? Find(CniResult result, string ifName, bool is6) =>
        result.AddressesOf(ifName).FirstOrDefault(ip => ip.Address.Is6 == is6)?.Address;

    // Of a list the plugin whose addresses are by DHCP, with what the runtime adds to its config.
    private static byte[]? FindPlugin(NetworkConfig config)
    {
        var version = config.DecodeVersion();
        if (config.Root.Find("plugins") is not { } plugins)
            return IsByDhcp(config.Root) ? config.OfPlugin(config.Root, version) : null;
        foreach (var plugin in plugins.AsList())
        {
            if (plugin.Value.Kind == JsonValueKind.Object && IsByDhcp(plugin))
                return config.OfPlugin(plugin, version);
        }

        return null;
    }

    private static bool IsByDhcp(ConfigNode plugin) =>
        plugin.Find("ipam") is { Value.Kind: JsonValueKind.Object } ipam && ipam.GetString("type") == "dhcp";

    private static string ReadArgs(ConfigNode root) =>
        string.Join(
            ';',
            root.GetList("cniArgs").Select(static pair => string.Join('=', pair.AsList().Select(static each => each.AsString())))
        );

    private static byte[] FromBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length)
            ? bytes[..length]
            : throw new CniException(CniErrorCode.DecodingFailure, "its config is no Base64");
    }
}
