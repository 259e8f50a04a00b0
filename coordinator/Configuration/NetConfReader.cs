using System.Text;
using Plugboard.Addresses;
using Plugboard.Documents;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Configuration;

/// <summary>Reads flannel's net-conf.json. Pure.</summary>
internal static class NetConfReader
{
    private static readonly string[] known =
    [
        "EnableIPv4",
        "EnableIPv6",
        "EnableNFTables",
        "Network",
        "IPv6Network",
        "SubnetLen",
        "SubnetMin",
        "SubnetMax",
        "IPv6SubnetLen",
        "IPv6SubnetMin",
        "IPv6SubnetMax",
        "Backend",
    ];

    /// <summary>The cluster's network as the text says it.</summary>
    /// <param name="json">The whole text.</param>
    /// <param name="warnings">Gets a sentence for each key without effect, or with another effect than in flanneld.</param>
    /// <exception cref="DocumentException">The text is not JSON, or has an invalid value: with the line and the reason.</exception>
    public static NetConf Read(string json, ICollection<string>? warnings = null) =>
        Read(JsonDocumentReader.Read(Encoding.UTF8.GetBytes(json)), warnings);

    /// <summary>
    /// As <see cref="Read(string, ICollection{string})"/>, of a document that is read already; unknown keys are warnings, as flanneld
    /// passes them over.
    /// </summary>
    public static NetConf Read(DocumentNode document, ICollection<string>? warnings = null)
    {
        foreach (var item in document.AsMap().Items)
        {
            if (!known.Contains(item.Name, StringComparer.OrdinalIgnoreCase))
                warnings?.Add($"{item.Name}: unknown key{Spelling.Hint(item.Name, known)}");
        }

        return Interpret(document, warnings);
    }

    /// <summary>
    /// The network, with values that the earlier configuration had and this one has not: a line that vanishes does not ask for a new tunnel
    /// with other numbers. A Backend of another type has its own values.
    /// </summary>
    /// <param name="told">The current configuration.</param>
    /// <param name="before">The earlier configuration; null: none.</param>
    /// <param name="warnings">Gets a sentence for each value that stays.</param>
    public static DocumentNode Keep(DocumentNode told, DocumentNode? before, ICollection<string> warnings)
    {
        if (before is null)
            return told;
        var kept = new List<DocumentNode>();
        var whole = told.AsMap().Over(before, kept);
        if (
            told.Find("Backend") is { Kind: DocumentKind.Map } now
            && before.Find("Backend") is { Kind: DocumentKind.Map } past
            && IsSameType(now, past)
        )
            whole = whole.With(now.Over(past, kept));
        foreach (var value in kept)
            warnings.Add($"{value.Name}: no longer set, it stays in force until a restart");
        return whole;
    }

    private static bool IsSameType(DocumentNode now, DocumentNode past) =>
        now.Find("Type") is not { } type
        || (past.Find("Type") is { } known && string.Equals(type.Text, known.Text, StringComparison.OrdinalIgnoreCase));

    /// <summary>As a part of a file of our own, where an unknown key is an error.</summary>
    public static NetConf ReadStrictly(DocumentNode document, ICollection<string> warnings)
    {
        document.AsMap().RequireKnown(known);
        if (document.Find("Backend") is { Kind: DocumentKind.Map } backend)
            BackendConfReader.RequireKnown(backend);
        return Interpret(document, warnings);
    }

    private static NetConf Interpret(DocumentNode document, ICollection<string>? warnings)
    {
        var conf = new NetConf
        {
            EnableIPv4 = document.Find("EnableIPv4")?.AsBoolean() ?? true,
            SaysIPv4 = document.Find("EnableIPv4") is not null,
            EnableIPv6 = document.Find("EnableIPv6")?.AsBoolean() ?? false,
            EnableNFTables = document.Find("EnableNFTables")?.AsBoolean() ?? false,
            Network = ReadNetwork(document.Find("Network"), is6: false),
            IPv6Network = ReadNetwork(document.Find("IPv6Network"), is6: true),
            Subnets = ReadRange(document, "", is6: false),
            IPv6Subnets = ReadRange(document, "IPv6", is6: true),
            Backend = BackendConfReader.Read(document.Find("Backend"), warnings),
        };
        if (!conf.EnableIPv4 && !conf.EnableIPv6)
            throw document.Error("EnableIPv4 and EnableIPv6 are both false: there is no network left");
        if (warnings is not null)
            Consider(conf, warnings);
        return conf;
    }

    private static void Consider(NetConf conf, ICollection<string> warnings)
    {
        if (conf.EnableNFTables)
            warnings.Add("EnableNFTables: without effect, nftables is used wherever the kernel has it");
        if (conf.EnableIPv6 && conf.Backend.Type == BackendType.Ipip)
            warnings.Add("Backend: ipip carries IPv4 only, nothing is routed for IPv6Network");
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            // Only a source that allocates networks by these keys (etcd) must refuse them; flanneld itself ignores them if Kubernetes
            // allocates.
            if (conf.Enables(is6) && conf.NetworkOf(is6) is not null && SubnetChoice.FindFault(conf, is6) is { } fault)
                warnings.Add(fault);
        }
    }

    private static SubnetRange ReadRange(DocumentNode document, string family, bool is6) =>
        new()
        {
            Length = document.Find($"{family}SubnetLen")?.AsInteger(0, is6 ? 128 : 32) ?? 0,
            Min = ReadAddress(document.Find($"{family}SubnetMin"), is6),
            Max = ReadAddress(document.Find($"{family}SubnetMax"), is6),
        };

    private static IPPrefix? ReadNetwork(DocumentNode? node, bool is6)
    {
        // flanneld's zero value: as good as not there.
        if (node is null || node is { Kind: DocumentKind.Text, Text: "" })
            return null;
        if (!IPPrefix.TryParse(node.AsText(), out var network))
            throw node.Refused($"{node.Quoted} is not a network: invalid CIDR address: {node.Shown}");
        if (network.Is6 != is6)
            throw node.Refused($"{node.Quoted} is not {Family(is6)}");
        if (!network.IsNetwork)
            throw node.Refused($"{node.Quoted} is an address in a network: the network is {network.Network}");
        return network;
    }

    private static IPAddr? ReadAddress(DocumentNode? node, bool is6)
    {
        if (node is null || node is { Kind: DocumentKind.Text, Text: "" })
            return null;
        if (!IPAddr.TryParse(node.AsText(), out var address))
            throw node.Refused($"{node.Quoted} is not an address");
        return address.Is6 == is6 ? address : throw node.Refused($"{node.Quoted} is not {Family(is6)}");
    }

    private static string Family(bool is6) => is6 ? "IPv6" : "IPv4";
}
