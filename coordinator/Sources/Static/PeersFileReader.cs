using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Configuration.Documents;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Static;

/// <summary>Reads a peers file, YAML or JSON. Pure.</summary>
internal sealed class PeersFileReader
{
    private const int MostVni = 0xff_ffff;

    private static readonly string[] topKeys = ["nodes", "network"];
    private static readonly string[] nodeKeys = ["name", "podCIDRs", "addresses", "backend", "vni", "vtepMAC", "vtepMACv6"];

    private readonly List<string> warnings = [];
    private BackendConf backend = new();

    private PeersFileReader()
    {
    }

    /// <summary>The file's content.</summary>
    /// <param name="utf8">The whole file.</param>
    /// <param name="otherwise">The network where the file has none: what its nodes' backend and VNI are then.</param>
    /// <exception cref="DocumentException">The file cannot be used: with the line and what is wrong.</exception>
    public static PeersFile Read(ReadOnlySpan<byte> utf8, NetConf? otherwise = null) =>
        new PeersFileReader().Read(YamlDocumentReader.Read(utf8), otherwise);

    private PeersFile Read(DocumentNode document, NetConf? otherwise)
    {
        Consider(document.AsMap(), topKeys);
        var network = document.Find("network") is { } node ? NetConfReader.Read(node, warnings) : null;
        backend = (network ?? otherwise)?.Backend ?? backend;
        var list = document.Find("nodes") ?? throw document.Error("there is no \"nodes\" list");
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        var nodes = new List<ClusterNode>();
        foreach (var item in list.AsList())
        {
            var peer = ReadNode(item);
            if (!names.TryAdd(peer.Name, item.Line))
                throw item.Error(string.Create(CultureInfo.InvariantCulture, $"node {peer.Name} is there twice, the first time in line {names[peer.Name]}"));
            nodes.Add(peer);
        }

        return new PeersFile { Nodes = nodes.ToValueArray(), Network = network, Warnings = warnings.ToValueArray() };
    }

    private ClusterNode ReadNode(DocumentNode node)
    {
        Consider(node.AsMap(), nodeKeys);
        var name = node.Find("name")?.AsText() ?? throw node.Refused("has no name");
        if (name.Length == 0)
            throw node.Refused("has an empty name");
        var type = ReadBackend(node.Find("backend"));
        var vni = node.Find("vni")?.AsInteger(1, MostVni) ?? backend.Vni;
        var tunnels = type is "vxlan" or "";
        var cidrs = ReadEach(node, "podCIDRs", ReadPodCidr, static cidr => cidr.Is6);
        return new ClusterNode
        {
            Name = name,
            PodCidrs = cidrs,
            Addresses = ReadEach(node, "addresses", ReadAddress, static address => address.Is6),
            BackendType = type,
            Vtep4 = ReadVtep(node.Find("vtepMAC"), is6: false),
            Vtep6 = ReadVtep(node.Find("vtepMACv6"), is6: true),
        };

        // A tunnel where there is something to carry.
        VtepData? ReadVtep(DocumentNode? given, bool is6)
        {
            var mac = ReadMac(given);
            return tunnels && cidrs.Any(cidr => cidr.Is6 == is6) ? new VtepData(vni, mac ?? VtepMac.From(name, vni, is6)) : null;
        }
    }

    // A node that says nothing has the network's.
    private string ReadBackend(DocumentNode? node) => node?.AsText().ToLowerInvariant() switch
    {
        null => backend.Type switch
        {
            BackendType.Vxlan => "vxlan",
            BackendType.HostGw => "host-gw",
            BackendType.Ipip => "ipip",
            _ => "",
        },
        var type and ("vxlan" or "host-gw" or "ipip") => type,
        "alloc" => "",
        var type => throw node!.Refused($"\"{type}\" is none of vxlan, host-gw, ipip and alloc"),
    };

    private static ValueArray<T> ReadEach<T>(DocumentNode node, string key, Func<DocumentNode, T> read, Func<T, bool> is6)
    {
        if (node.Find(key) is not { } list)
            return [];
        var found = new List<T>();
        foreach (var item in list.AsList())
        {
            var value = read(item);
            if (found.Exists(other => is6(other) == is6(value)))
                throw item.Refused($"{value} is a second one of {(is6(value) ? "IPv6" : "IPv4")}: a node has one per family");
            found.Add(value);
        }

        return found.ToValueArray();
    }

    private static IPPrefix ReadPodCidr(DocumentNode node)
    {
        if (!IPPrefix.TryParse(node.AsText(), out var cidr))
            throw node.Refused($"\"{node.Text}\" is no network: invalid CIDR address: {node.Text}");
        return cidr.IsNetwork ? cidr : throw node.Refused($"\"{node.Text}\" is an address in a network: the network is {cidr.Network}");
    }

    private static IPAddr ReadAddress(DocumentNode node) =>
        IPAddr.TryParse(node.AsText(), out var address) ? address : throw node.Refused($"\"{node.Text}\" is no address");

    private static MacAddress? ReadMac(DocumentNode? node)
    {
        if (node is null)
            return null;
        if (!MacAddress.TryParse(node.AsText(), out var mac))
            throw node.Refused($"\"{node.Text}\" is no hardware address");
        return mac.IsZero || mac.IsMulticast ? throw node.Refused($"\"{node.Text}\" is no single link's hardware address") : mac;
    }

    private void Consider(DocumentNode map, string[] known)
    {
        foreach (var item in map.Items)
        {
            if (!known.Contains(item.Name, StringComparer.OrdinalIgnoreCase))
                warnings.Add(string.Create(CultureInfo.InvariantCulture, $"line {item.Line}: {item.Name}: unknown key"));
        }
    }
}
