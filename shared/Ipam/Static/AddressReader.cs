using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.Static;

/// <summary>
/// Reads the addresses of the four sources: <c>ipam.addresses</c>, to which IP of CNI_ARGS adds; <c>args.cni.ips</c>, which replaces both;
/// and <c>runtimeConfig.ips</c>, which replaces all. Pure.
/// </summary>
/// <param name="request">The call.</param>
/// <param name="problems">Gets what is wrong.</param>
internal sealed class AddressReader(CniRequest request, ConfigProblems problems)
{
    /// <summary>The addresses with their gateways.</summary>
    /// <param name="keys">The <c>ipam</c> section.</param>
    public IReadOnlyList<CniIP> Read(ConfigNode keys)
    {
        var configured = ReadConfigured(keys);
        // MAC is for the plugin that delegates: what serves the call as a whole is not unknown.
        var arguments = problems.Read("CNI_ARGS", () => CniArgs.Parse(request.Args, "IP", "GATEWAY", "MAC"));
        var argued = ReadArgument(arguments?.Find("IP") ?? "");
        // GATEWAY is of the same source as IP: it has no part in what replaces that.
        SetGateways(arguments?.Find("GATEWAY") ?? "", configured, argued);
        List<CniIP> addresses = [.. configured, .. argued];
        var cni = problems.Read("args.cni", () => request.Config.FindObject("args")?.FindObject("cni"));
        var runtime = problems.Read("runtimeConfig", () => request.Config.FindObject("runtimeConfig"));
        foreach (var source in (ConfigNode?[])[cni, runtime])
        {
            if (ReadReplacing(source, configured) is { Count: > 0 } replacing)
                addresses = replacing;
        }

        return addresses;
    }

    private List<CniIP> ReadConfigured(ConfigNode keys)
    {
        var addresses = new List<CniIP>();
        foreach (var node in problems.Read("ipam.addresses", () => keys.GetList("addresses")) ?? [])
        {
            if (!problems.ReadObject(node))
                continue;
            var path = $"{node.Path}.address";
            var text = node.IsNull ? "" : problems.Read(path, () => FindExact(node, "address") ?? node.GetString("address")) ?? "";
            var gateway = node.IsNull ? null : problems.Read($"{node.Path}.gateway", () => node.FindAddress("gateway"));
            if (!IPPrefix.TryParse(text, out var address))
                problems.AddAsReference(path, $"the 'address' field is expected to be in CIDR notation, got: '{Excerpt.Of(text)}'");
            else if (PodAddress.FindBlock(address.Address, address.Address) is { } block)
                problems.Add(path, $"address {address} is in {block}: no pod can have it");
            else
                // 0.0.0.0 and :: are as an absent one.
                addresses.Add(new CniIP(address) { Gateway = gateway is { IsUnspecified: false } ? gateway : null });
        }

        return addresses;
    }

    // A program that writes the reference's own type has the parsed form beside the text: an object "Address".
    private static string? FindExact(ConfigNode node, string key)
    {
        var names = node.Value.Names;
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == key && node.Value.Values[i].Kind == JsonValueKind.String)
                return node.Value.Values[i].Text;
        }

        return null;
    }

    private List<CniIP> ReadArgument(string text)
    {
        var addresses = new List<CniIP>();
        foreach (var part in Parts(text))
        {
            if (IPPrefix.TryParse(part, out var address))
                addresses.Add(new CniIP(address));
            else
                problems.AddArgument($"the 'ip' field is expected to be in CIDR notation, got: '{Excerpt.Of(part)}'");
        }

        return addresses;
    }

    // A gateway that the config has for the same network stays: the one who asks for an address seldom knows it.
    private List<CniIP> ReadReplacing(ConfigNode? source, List<CniIP> configured)
    {
        var addresses = new List<CniIP>();
        if (source is not { } node)
            return addresses;
        var gateways = new Dictionary<IPPrefix, IPAddr?>();
        foreach (var ip in configured)
            gateways.TryAdd(ip.Address.Network, ip.Gateway);
        var path = $"{node.Path}.ips";
        foreach (var text in problems.Read(path, () => node.GetStrings("ips")) ?? [])
        {
            if (IPPrefix.TryParse(text, out var address))
            {
                addresses.Add(new CniIP(address) { Gateway = gateways.GetValueOrDefault(address.Network) });
            }
            else
            {
                problems.AddAsReference(path, $"an entry in the 'ips' field is NOT in CIDR notation, got: '{Excerpt.Of(text)}'");
            }
        }

        return addresses;
    }

    private void SetGateways(string text, params ReadOnlySpan<List<CniIP>> lists)
    {
        foreach (var part in Parts(text))
        {
            if (!IPAddr.TryParse(part, out var gateway))
            {
                problems.AddArgument($"invalid gateway address: {Excerpt.Of(part)}");
                continue;
            }

            foreach (var addresses in lists)
                SetGateway(gateway, addresses);
        }
    }

    private static void SetGateway(IPAddr gateway, List<CniIP> addresses)
    {
        for (var i = 0; i < addresses.Count; i++)
        {
            if (addresses[i].Address.Contains(gateway))
                addresses[i] = addresses[i] with { Gateway = gateway };
        }
    }

    private static string[] Parts(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
