using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Documents;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Static;

/// <summary>
/// Reads a peers file, YAML or JSON. The format is our own: an unknown key is an error, so that a typing error is reported at its position
/// and removes nothing. Pure.
/// </summary>
internal sealed class PeersFileReader
{
    private const int MostVni = 0xff_ffff;

    private static readonly string[] topKeys = ["nodes", "network"];
    private static readonly string[] optionalKeys = ["backend", "vni", "vtepMAC", "vtepMACv6"];
    private static readonly string[] nodeKeys = ["name", "podCIDRs", "addresses", .. optionalKeys];

    private readonly PeersMemory before;
    private readonly string ownName;
    private readonly List<string> warnings = [];
    private readonly Dictionary<string, DocumentNode> options = new(StringComparer.Ordinal);
    private BackendConf backend = new();

    private PeersFileReader(PeersMemory before, string ownName) => (this.before, this.ownName) = (before, ownName);

    /// <summary>The file's content.</summary>
    /// <param name="utf8">The whole file.</param>
    /// <param name="otherwise">The network if the file has none: what its nodes' backend and VNI are then.</param>
    /// <exception cref="DocumentException">The file is invalid: with the line and the reason.</exception>
    public static PeersFile Read(ReadOnlySpan<byte> utf8, NetConf? otherwise = null) => Read(utf8, otherwise, new PeersMemory(), "").File;

    /// <summary>The file's content, after another.</summary>
    /// <param name="utf8">The whole file.</param>
    /// <param name="otherwise">The network if the file has none.</param>
    /// <param name="before">The earlier content.</param>
    /// <param name="ownName">This node's name.</param>
    /// <exception cref="DocumentException">The file is invalid: with the line and the reason.</exception>
    public static (PeersFile File, PeersMemory Memory) Read(
        ReadOnlySpan<byte> utf8,
        NetConf? otherwise,
        PeersMemory before,
        string ownName
    ) => new PeersFileReader(before, ownName).Read(YamlDocumentReader.Read(utf8), otherwise);

    private (PeersFile File, PeersMemory Memory) Read(DocumentNode document, NetConf? otherwise)
    {
        document.AsMap().RequireKnown(topKeys);
        var told = document.Find("network") is { } said ? NetConfReader.Keep(said, before.Network, warnings) : before.Network;
        var network = told is null ? null : NetConfReader.ReadStrictly(told, warnings);
        backend = (network ?? otherwise)?.Backend ?? backend;
        var list = document.Find("nodes") ?? throw document.Error("the list \"nodes\" is missing");
        var nodes = ReadNodes(list.AsList());
        var file = new PeersFile
        {
            Nodes = nodes.ToValueArray(),
            Network = network,
            Warnings = warnings.ToValueArray(),
        };
        var memory = new PeersMemory
        {
            Network = told,
            Options = options,
            Own = nodes.Find(node => node.Name == ownName) ?? before.Own,
        };
        return (file, memory);
    }

    private List<ClusterNode> ReadNodes(IReadOnlyList<DocumentNode> items)
    {
        var lines = new Dictionary<string, DocumentNode>(StringComparer.Ordinal);
        var nodes = new List<ClusterNode>(items.Count);
        foreach (var item in items)
        {
            var peer = ReadNode(item);
            if (!lines.TryAdd(peer.Name, item))
                throw item.Error(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"node {DocumentNode.Quote(peer.Name)} is present twice, first in line {lines[peer.Name].Line}"
                    )
                );
            nodes.Add(peer);
        }

        // If this node's entry is missing and another entry has its data, the name is mistyped.
        if (before.Own is { } own && !lines.ContainsKey(own.Name) && nodes.Find(node => IsLike(node, own)) is { } other)
            throw lines[other.Name]
                .Error(
                    $"node {DocumentNode.Quote(other.Name)} has the data of node \"{own.Name}\", this node's name (did you mean "
                        + $"\"{own.Name}\"?)"
                );
        return nodes;
    }

    private static bool IsLike(ClusterNode node, ClusterNode own) =>
        node.Addresses.Any(address => own.Addresses.Contains(address)) || node.PodCidrs.Any(cidr => own.PodCidrs.Contains(cidr));

    private ClusterNode ReadNode(DocumentNode node)
    {
        node.AsMap().RequireKnown(nodeKeys);
        var name = node.Find("name")?.AsText() ?? throw node.Refused("has no name");
        if (name.Length == 0)
            throw node.Refused("has an empty name");
        RequireList(node, name, "podCIDRs", "has no pods");
        RequireList(node, name, "addresses", "cannot be reached");
        node = WithOptions(node, name);
        var type = ReadBackend(node.Find("backend"));
        var vni = node.Find("vni")?.AsInteger(1, MostVni) ?? backend.Vni;
        var tunnels = type is "vxlan" or "";
        var cidrs = ReadEach(node, "podCIDRs", ReadPodCidr, static cidr => cidr.Is6);
        return new ClusterNode
        {
            Name = name,
            PodCidrs = cidrs,
            Addresses = ReadEach(node, "addresses", ReadAddress, static address => address.Is6),
            SaysNoPods = cidrs.Count == 0,
            SaysNoAddresses = node.Find("addresses")!.Items.Count == 0,
            BackendType = type,
            Vtep4 = ReadVtep(node.Find("vtepMAC"), is6: false),
            Vtep6 = ReadVtep(node.Find("vtepMACv6"), is6: true),
        };

        // A tunnel, if there is traffic for it.
        VtepData? ReadVtep(DocumentNode? given, bool is6)
        {
            var mac = ReadMac(given);
            return tunnels && cidrs.Any(cidr => cidr.Is6 == is6) ? new VtepData(vni, mac ?? VtepMac.From(name, vni, is6)) : null;
        }
    }

    // A node without a value has the network's.
    private string ReadBackend(DocumentNode? node) =>
        node?.AsText().ToLowerInvariant() switch
        {
            null => backend.Type switch
            {
                BackendType.Vxlan => "vxlan",
                BackendType.HostGw => "host-gw",
                BackendType.Ipip => "ipip",
                _ => "",
            },
            var type and ("vxlan" or "host-gw" or "ipip" or "alloc") => type,
            var type => throw node!.Refused(
                $"{node.Quoted} is not vxlan, host-gw, ipip or alloc{Spelling.Hint(type, ["vxlan", "host-gw", "ipip", "alloc"])}"
            ),
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
                throw item.Refused($"{value} is a second value for {(is6(value) ? "IPv6" : "IPv4")}: a node has one per family");
            found.Add(value);
        }

        return found.ToValueArray();
    }

    private static IPPrefix ReadPodCidr(DocumentNode node)
    {
        if (!IPPrefix.TryParse(node.AsText(), out var cidr))
            throw node.Refused($"{node.Quoted} is not a network: invalid CIDR address: {node.Shown}");
        return cidr.IsNetwork ? cidr : throw node.Refused($"{node.Quoted} is an address in a network: the network is {cidr.Network}");
    }

    private static IPAddr ReadAddress(DocumentNode node) =>
        IPAddr.TryParse(node.AsText(), out var address) ? address : throw node.Refused($"{node.Quoted} is not an address");

    private static MacAddress? ReadMac(DocumentNode? node)
    {
        if (node is null)
            return null;
        if (!MacAddress.TryParse(node.AsText(), out var mac))
            throw node.Refused($"{node.Quoted} is not a hardware address");
        return mac.IsZero || mac.IsMulticast ? throw node.Refused($"{node.Quoted} is not the hardware address of a single link") : mac;
    }

    private static void RequireList(DocumentNode node, string name, string key, string otherwise)
    {
        if (node.Find(key) is null)
            throw node.Error($"node {DocumentNode.Quote(name)} has no {key}; for a node that {otherwise} write {key}: []");
    }

    private DocumentNode WithOptions(DocumentNode node, string name)
    {
        var isKnown = before.Options.TryGetValue(name, out var known);
        if (!isKnown && node.Items.Count == nodeKeys.Length - optionalKeys.Length)
            return node;
        var kept = new List<DocumentNode>();
        var whole = isKnown ? node.Over(known!, kept) : node;
        foreach (var value in kept)
            warnings.Add($"node {DocumentNode.Quote(name)}: {value.Name} is no longer set and stays in force until a restart");
        if (Array.FindAll(optionalKeys, key => whole.Find(key) is not null) is { Length: > 0 } given)
        {
            var values = given.Select(key => whole.Find(key)!);
            options[name] = new DocumentNode
            {
                Kind = DocumentKind.Map,
                Line = whole.Line,
                Items = [.. values],
            };
        }

        return whole;
    }
}
