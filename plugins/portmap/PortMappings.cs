using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Firewall.Ports;
using Plugboard.Protocols.Cni;

namespace Plugboard.Portmap;

/// <summary>The list <c>runtimeConfig.portMappings</c>. Pure.</summary>
internal static class PortMappings
{
    /// <summary>
    /// Reads the list; what is wrong with an entry is a <see cref="CniException"/>. An entry that says what an earlier one said is left
    /// out.
    /// </summary>
    public static IReadOnlyList<PortMapping> Parse(ConfigNode config)
    {
        var mappings = new List<PortMapping>();
        // Of one port and address there are at most three: of both families, of IPv4, of IPv6.
        var byPort = new Dictionary<PortMapping, List<PortMapping>>(new SameHostPort());
        foreach (var node in Entries(config))
        {
            var mapping = ParseEntry(node);
            if (!byPort.TryGetValue(mapping, out var earlier))
                byPort[mapping] = earlier = [];
            if (earlier.Contains(mapping))
                continue;
            earlier.Add(RefuseSecondMeaning(mapping, earlier));
            mappings.Add(mapping);
        }

        return mappings;
    }

    /// <summary>The entries that can be read.</summary>
    public static IReadOnlyList<PortMapping> ParseLeniently(ConfigNode config)
    {
        var mappings = new List<PortMapping>();
        try
        {
            foreach (var node in Entries(config))
            {
                if (TryParse(node) is { } mapping)
                    mappings.Add(mapping);
            }
        }
        catch (CniException)
        {
            // What cannot be read says nothing: what was made is found by its owner.
            mappings.Clear();
        }

        return mappings;
    }

    private static IReadOnlyList<ConfigNode> Entries(ConfigNode config) =>
        config.FindObject("runtimeConfig")?.GetList("portMappings") ?? [];

    private static PortMapping? TryParse(ConfigNode node)
    {
        try
        {
            return ParseEntry(node);
        }
        catch (CniException)
        {
            return null;
        }
    }

    private static PortMapping ParseEntry(ConfigNode node) =>
        new(ReadPort(node, "hostPort", "host"), ReadPort(node, "containerPort", "container"), ReadProtocol(node), ReadHostIP(node));

    private static ushort ReadPort(ConfigNode node, string key, string what)
    {
        var port = node.FindInt(key) ?? 0;
        return port is >= 1 and <= ushort.MaxValue
            ? (ushort)port
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"failed to parse config: Invalid {what} port number: {port.ToString(CultureInfo.InvariantCulture)}",
                $"{key} of an entry of runtimeConfig.portMappings wants 1 to 65535"
            );
    }

    // The runtimes write it in either case; Kubernetes and Docker take a missing one for TCP.
    private static PortProtocol ReadProtocol(ConfigNode node) =>
        node.GetString("protocol").ToLowerInvariant() switch
        {
            "tcp" or "" => PortProtocol.Tcp,
            "udp" => PortProtocol.Udp,
            "sctp" => PortProtocol.Sctp,
            var other => throw new CniException(
                CniErrorCode.UnsupportedField,
                $"unsupported value of protocol: {Shortened.Of(other)}",
                "an entry of runtimeConfig.portMappings wants tcp, udp or sctp"
            ),
        };

    private static IPAddr? ReadHostIP(ConfigNode node)
    {
        if (node.GetString("hostIP") is not { Length: > 0 } text)
            return null;
        return IPAddr.TryParse(text, out var address)
            ? address
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"failed to parse config: Invalid host IP address: {Shortened.Of(text)}",
                "hostIP wants an IPv4 or IPv6 address of the host, or none"
            );
    }

    private static PortMapping RefuseSecondMeaning(PortMapping mapping, List<PortMapping> earlier)
    {
        foreach (var other in earlier)
        {
            if (other.IsSameHostPort(mapping) && other.ContainerPort != mapping.ContainerPort)
            {
                throw new CniException(
                    CniErrorCode.InvalidNetworkConfig,
                    $"failed to parse config: {mapping} contradicts {other}",
                    "a host port leads to one port of the container: correct runtimeConfig.portMappings"
                );
            }
        }

        return mapping;
    }
}
