using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Documents;
using Plugboard.Firewall.Ports;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Reading;

/// <summary>
/// Reads a NetworkPolicy and fills in the API's defaults. What the spec may not have is refused, so that a typing error in it cannot open
/// or close a pod; metadata and status are read as far as they are needed. Pure.
/// </summary>
/// <param name="limits">What it may have at most.</param>
internal sealed class NetworkPolicyReader(PolicyLimits limits)
{
    private const string Version = "networking.k8s.io/v1";

    private static readonly string[] specKeys = ["podSelector", "policyTypes", "ingress", "egress"];
    private static readonly string[] ingressKeys = ["from", "ports"];
    private static readonly string[] egressKeys = ["to", "ports"];
    private static readonly string[] peerKeys = ["ipBlock", "podSelector", "namespaceSelector"];
    private static readonly string[] blockKeys = ["cidr", "except"];
    private static readonly string[] portKeys = ["protocol", "port", "endPort"];
    private static readonly string[] types = ["Ingress", "Egress"];

    private static readonly System.Buffers.SearchValues<char> hexDigits = System.Buffers.SearchValues.Create("0123456789abcdefABCDEF");

    private readonly ObjectFields fields = new(limits);

    /// <summary>The policy.</summary>
    /// <exception cref="DocumentException">It is invalid, or has more than a limit: with the line and the reason.</exception>
    public NetworkPolicy Read(DocumentNode document)
    {
        var name = ObjectFields.ReadNamespacedName(document.Find("metadata") ?? throw document.Error("the policy has no metadata"));
        // The API says what it serves by the path; other groups have kinds of this name.
        if (document.Find("apiVersion") is { } version && version.AsText() != Version)
            throw version.Refused($"{version.Quoted} is not {Version}");
        var spec = document.Find("spec") ?? throw document.Error($"policy {name} has no spec");
        spec.AsMap().RequireKnown(specKeys, isExact: true);
        var ingress = ReadRules(spec.Find("ingress"), name.Namespace, PolicyDirection.Ingress);
        var egress = ReadRules(spec.Find("egress"), name.Namespace, PolicyDirection.Egress);
        var isolates = ReadTypes(spec.Find("policyTypes"), egress.Count > 0);
        return new NetworkPolicy
        {
            Name = name,
            PodSelector = spec.Find("podSelector") is { } selector ? fields.ReadSelector(selector) : LabelSelector.Everything,
            Ingress = isolates.Ingress ? ingress : null,
            Egress = isolates.Egress ? egress : null,
        };
    }

    /// <summary>
    /// What a refused policy is worth: it isolates the pods that it selects, for its directions, and allows nothing. What cannot be read of
    /// that is all pods, or both directions.
    /// </summary>
    /// <exception cref="DocumentException">It has no valid name.</exception>
    public NetworkPolicy ReadClosed(DocumentNode document)
    {
        var name = ObjectFields.ReadNamespacedName(document.Find("metadata") ?? throw document.Error("the policy has no metadata"));
        var spec = document.Find("spec");
        var (ingress, egress) = Else(
            () => ReadTypes(spec?.AsMap().Find("policyTypes"), spec?.Find("egress")?.AsList().Count > 0),
            (true, true)
        );
        return NetworkPolicy.Closing(name) with
        {
            PodSelector = Else(
                () => spec?.Find("podSelector") is { } selector ? fields.ReadSelector(selector) : LabelSelector.Everything,
                LabelSelector.Everything
            ),
            Ingress = ingress ? [] : null,
            Egress = egress ? [] : null,
        };
    }

    private static T Else<T>(Func<T> read, T otherwise)
    {
        try
        {
            return read();
        }
        catch (DocumentException)
        {
            return otherwise;
        }
    }

    // As the API server: Ingress always, Egress only with a rule.
    private static (bool Ingress, bool Egress) ReadTypes(DocumentNode? node, bool hasEgressRules)
    {
        if (node is null || node.AsList().Count == 0)
            return (true, hasEgressRules);
        var words = new List<string>();
        foreach (var item in node.Items)
        {
            if (!types.Contains(item.AsText(), StringComparer.Ordinal))
                throw item.Refused($"{item.Quoted} is neither Ingress nor Egress{Spelling.Hint(item.Text, types)}");
            words.Add(item.Text);
        }

        return (words.Contains("Ingress"), words.Contains("Egress"));
    }

    private ValueArray<PolicyRule> ReadRules(DocumentNode? node, string home, PolicyDirection direction)
    {
        if (node is null)
            return [];
        ObjectFields.RequireAtMost(node.AsList(), node, limits.List);
        var keys = direction == PolicyDirection.Ingress ? ingressKeys : egressKeys;
        var rules = node
            .Items.Select(rule =>
            {
                // A rule that is null is {}, as in Go.
                if (rule.Kind != DocumentKind.Null)
                    rule.AsMap().RequireKnown(keys, isExact: true);
                return new PolicyRule(ReadList(rule.Find(keys[0]), peer => ReadPeer(peer, home)), ReadList(rule.Find("ports"), ReadPort));
            })
            .ToValueArray();
        var pairs = rules.Sum(static rule => Math.Max(1, rule.Peers.Count) * (1 + rule.Ports.Count(static port => port.Name is not null)));
        return pairs <= limits.Pairs
            ? rules
            : throw node.Refused(
                string.Create(CultureInfo.InvariantCulture, $"has {pairs} pairs of peers and named ports: {limits.Pairs} is the limit")
            );
    }

    private ValueArray<T> ReadList<T>(DocumentNode? node, Func<DocumentNode, T> read)
    {
        if (node is null)
            return [];
        ObjectFields.RequireAtMost(node.AsList(), node, limits.List);
        return node.Items.Select(read).ToValueArray();
    }

    private PolicyPeer ReadPeer(DocumentNode node, string home)
    {
        node.AsMap().RequireKnown(peerKeys, isExact: true);
        var (pods, namespaces) = (node.Find("podSelector"), node.Find("namespaceSelector"));
        if (node.Find("ipBlock") is { } block)
            return pods is null && namespaces is null
                ? new PolicyPeer { Block = ReadBlock(block) }
                : throw node.Error("a peer is an ipBlock, or has selectors, not both; write two peers");
        if (pods is null && namespaces is null)
            throw node.Error("a peer needs ipBlock, podSelector or namespaceSelector; podSelector: {} selects all pods of the namespace");
        return new PolicyPeer
        {
            Pods = new PodPeer(
                namespaces is null ? home : null,
                namespaces is null ? LabelSelector.Everything : fields.ReadSelector(namespaces),
                pods is null ? LabelSelector.Everything : fields.ReadSelector(pods)
            ),
        };
    }

    // Host bits may be set: the API allows it.
    private IpBlock ReadBlock(DocumentNode node)
    {
        node.AsMap().RequireKnown(blockKeys, isExact: true);
        var cidr = ReadPrefix(node.Find("cidr") ?? throw node.Error("an ipBlock has no cidr"));
        var except = ReadList(node.Find("except"), ReadPrefix);
        foreach (var part in except)
        {
            if (part.Is6 != cidr.Is6 || part.Length <= cidr.Length || !cidr.Contains(part.Address))
                throw node.Refused($"excepts {part}, which is not a part of {cidr}");
        }

        return new IpBlock(cidr, except);
    }

    private static IPPrefix ReadPrefix(DocumentNode node) =>
        IPPrefix.TryParse(WithoutLeadingZeros(node.AsText()), out var prefix)
            ? prefix.Network
            : throw node.Refused($"{node.Quoted} is not a network");

    // The API takes 010.0.0.0/8 for 10.0.0.0/8 in fields as old as this one (k8s.io/utils/net, ParseCIDRSloppy).
    private static string WithoutLeadingZeros(string network)
    {
        if (network.Contains(':', StringComparison.Ordinal))
            return network;
        var parts = network.Split('/', 2);
        parts[0] = string.Join(
            '.',
            parts[0].Split('.').Select(static number => number is "" ? "" : number[..^1].TrimStart('0') + number[^1])
        );
        return string.Join('/', parts);
    }

    private static PolicyPort ReadPort(DocumentNode node)
    {
        if (node.Kind != DocumentKind.Null)
            node.AsMap().RequireKnown(portKeys, isExact: true);
        var protocol = node.Find("protocol") is { } word ? ReadProtocol(word) : PortProtocol.Tcp;
        var (port, end) = (node.Find("port"), node.Find("endPort"));
        if (port is null)
            return end is null ? new PolicyPort(protocol, null, 0, ushort.MaxValue) : throw end.Refused("needs a port");
        if (!port.IsQuoted && IsOtherNumber(port.Text))
            throw port.Refused($"is {port.Shown}, which is a number for some readers and a name for others: write the number in decimal");
        if (port.Kind == DocumentKind.Text)
            return end is null
                ? new PolicyPort(protocol, ReadPortName(port), 0, 0)
                : throw end.Refused($"needs a port that is a number, not {port.Quoted}");
        var first = port.AsInteger(1, ushort.MaxValue);
        return new PolicyPort(protocol, null, (ushort)first, (ushort)(end?.AsInteger(first, ushort.MaxValue) ?? first));
    }

    // YAML 1.1 and 1.2 have such numbers; a port may have such a name.
    private static bool IsOtherNumber(string text) =>
        text.Length > 2
        && text[0] == '0'
        && text[1] switch
        {
            'x' => !text.AsSpan(2).ContainsAnyExcept(hexDigits),
            'o' => !text.AsSpan(2).ContainsAnyExceptInRange('0', '7'),
            'b' => !text.AsSpan(2).ContainsAnyExceptInRange('0', '1'),
            _ => false,
        };

    /// <summary>A protocol; only in capitals, as the API.</summary>
    public static PortProtocol ReadProtocol(DocumentNode node) =>
        node.AsText() switch
        {
            "TCP" => PortProtocol.Tcp,
            "UDP" => PortProtocol.Udp,
            "SCTP" => PortProtocol.Sctp,
            var other => throw node.Refused($"{node.Quoted} is not TCP, UDP or SCTP{Spelling.Hint(other, ["TCP", "UDP", "SCTP"])}"),
        };

    /// <summary>The name of a port: at most 15 lowercase letters, digits and single - between them, at least one letter.</summary>
    public static string ReadPortName(DocumentNode node)
    {
        const int Longest = 15;
        var text = node.AsText();
        return
            text.Length is > 0 and <= Longest
            && text.All(static letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-')
            && text.Any(char.IsAsciiLetterLower)
            && text[0] != '-'
            && text[^1] != '-'
            && !text.Contains("--", StringComparison.Ordinal)
            ? text
            : throw node.Refused($"{node.Quoted} is not the name of a port; a number is written without quotes");
    }
}
