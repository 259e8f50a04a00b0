using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.ClusterFiles;
using Plugboard.Protocols.Cni;

namespace Plugboard.Flannel;

/// <summary>The config that the delegate is called with. Pure.</summary>
internal sealed class DelegateConfig
{
    private readonly JsonMembers members;
    private readonly SubnetFile? subnet;
    private readonly bool takesMtu;

    private DelegateConfig(JsonMembers members, SubnetFile? subnet = null, bool takesMtu = false)
    {
        this.members = members;
        this.subnet = subnet;
        this.takesMtu = takesMtu;
    }

    /// <summary>The delegate's name.</summary>
    public string Type => members.Find("type") is { Kind: JsonValueKind.String } type ? type.Text : "";

    /// <summary>The version it is called with.</summary>
    public string CniVersion =>
        members.Find("cniVersion") is { Kind: JsonValueKind.String, Text.Length: > 0 } version ? version.Text : CniVersions.Oldest;

    /// <summary>One that was kept.</summary>
    public static DelegateConfig Of(ConfigNode kept) => new(JsonMembers.From(kept.Value));

    /// <summary>What the given config and the daemon's file make together, key by key as the reference does it.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="config">The config.</param>
    /// <param name="subnet">What the daemon says; null if that is unknown: enough for a release, which needs no addresses to choose
    /// from.</param>
    public static DelegateConfig Render(string network, FlannelConfig config, SubnetFile? subnet)
    {
        var rendered = JsonMembers.From(config.Delegate);
        var hasMtuOfFile = subnet is not null && rendered.Find("mtu") is null;
        if (config.RuntimeConfig is { } runtimeConfig)
            rendered.Set("runtimeConfig", runtimeConfig);
        rendered.Set("name", JsonValue.Of(network));
        rendered.SetDefault("type", JsonValue.Of("bridge"));
        if (subnet is not null)
        {
            // One of both masquerades, not none and not two.
            rendered.SetDefault("ipMasq", JsonValue.Of(!subnet.IpMasq));
            rendered.SetDefault("mtu", JsonValue.Of(subnet.Mtu));
        }

        if (rendered.Find("type")!.Text == "bridge")
            rendered.SetDefault("isGateway", JsonValue.Of(true));
        if (config.CniVersion is { } version)
            rendered.Set("cniVersion", JsonValue.Of(version));
        rendered.Set("ipam", Ipam(config, subnet));
        return new DelegateConfig(rendered, subnet, hasMtuOfFile);
    }

    /// <summary>Where the value is from that the delegate complains of; null: it is not from the daemon's file.</summary>
    /// <param name="message">The delegate's sentence.</param>
    /// <param name="path">The file's path.</param>
    public string? FindSource(string message, string path)
    {
        if (subnet is null)
            return null;
        if (takesMtu && message.Contains("mtu", StringComparison.OrdinalIgnoreCase))
            return $"mtu is FLANNEL_MTU={subnet.Mtu} of {path}, which flannel's daemon writes: its Backend configuration and the node's "
                + "uplink decide it, or mtu in delegate does";
        foreach (var (name, given) in (ReadOnlySpan<(string, IPPrefix?)>)[("SUBNET", subnet.Subnet), ("IPV6_SUBNET", subnet.IPv6Subnet)])
        {
            if (given is { } range && message.Contains(range.Network.ToString(), StringComparison.Ordinal))
                return $"{range.Network} is FLANNEL_{name} of {path}, which flannel's daemon writes: its network configuration decides it";
        }

        return null;
    }

    /// <summary>A copy with a member more, or another.</summary>
    public DelegateConfig With(string name, JsonValue value)
    {
        var copy = JsonMembers.From(members.ToValue());
        copy.Set(name, value);
        return new DelegateConfig(copy);
    }

    /// <summary>A copy without a member.</summary>
    public DelegateConfig Without(string name)
    {
        var copy = JsonMembers.From(members.ToValue());
        copy.Remove(name);
        return new DelegateConfig(copy);
    }

    /// <summary>The config on one line, keys in order, as the reference writes it.</summary>
    public byte[] ToBytes() => members.ToBytes();

    private static JsonValue Ipam(FlannelConfig config, SubnetFile? subnet)
    {
        var ipam = JsonMembers.From(config.Ipam);
        ipam.SetDefault("type", JsonValue.Of("host-local"));
        if (subnet is null)
            return ipam.ToValue();
        var ranges = new List<JsonValue>();
        if (subnet.Subnet is { } subnet4)
            ranges.Add(Range(subnet4));
        if (subnet.IPv6Subnet is { } subnet6)
            ranges.Add(Range(subnet6));
        ipam.Set("ranges", JsonValue.Of(ranges));

        List<JsonValue> routes = [.. ipam.Find("routes")?.Values ?? []];
        foreach (var network in subnet.Networks)
            AddRoute(network);
        foreach (var network in subnet.IPv6Networks)
            AddRoute(network);
        ipam.Set("routes", JsonValue.Of(routes));
        return ipam.ToValue();

        // A route there twice is one that the kernel refuses: the given one may know a gateway.
        void AddRoute(IPPrefix network)
        {
            foreach (var given in config.Routes)
            {
                if (given.Dst.Network == network && given.Table is null && given.Priority == 0)
                    return;
            }

            routes.Add(Member("dst", network));
        }
    }

    private static JsonValue Range(IPPrefix subnet) => JsonValue.Of([Member("subnet", subnet.Network)]);

    private static JsonValue Member(string name, IPPrefix prefix)
    {
        var member = new JsonMembers();
        member.Set(name, JsonValue.Of(prefix.ToString()));
        return member.ToValue();
    }
}
