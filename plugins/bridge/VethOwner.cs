using System.Text;
using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>
/// Whose a host's veth end is. Its name is computed from the owner, so that DEL finds it when the namespace, its file and prevResult are
/// gone; its alias (<c>ip link</c> shows it) spells the owner, so that GC can tell and nobody else's link is ever taken for ours. Pure.
/// </summary>
internal readonly record struct VethOwner(string Network, string ContainerId, string IfName)
{
    // include/uapi/linux/if.h: IFALIASZ counts the closing zero.
    private const int MaxAliasBytes = 255;
    private const string Mark = "cni:";
    private const ulong DrawnBits = 0xff_ffff;

    /// <summary>The owner a request speaks of.</summary>
    public static VethOwner Of(CniRequest request) => new(request.NetworkName, request.ContainerId, request.IfName);

    /// <summary>The link's alias, <c>cni:network/container/interface</c>; null where it would not fit.</summary>
    public string? Alias
    {
        get
        {
            var alias = $"{Mark}{Network}/{ContainerId}/{IfName}";
            return Encoding.UTF8.GetByteCount(alias) <= MaxAliasBytes ? alias : null;
        }
    }

    /// <summary>Reads an alias; null where it is none of ours.</summary>
    public static VethOwner? Parse(string alias)
    {
        if (!alias.StartsWith(Mark, StringComparison.Ordinal))
            return null;
        var parts = alias[Mark.Length..].Split('/');
        return parts.Length == 3 ? new VethOwner(parts[0], parts[1], parts[2]) : null;
    }

    /// <summary>
    /// The host end's name, <c>veth</c> and eight hex digits as the reference's; the next attempt where a stranger has the one before.
    /// </summary>
    public string HostName(int attempt)
    {
        var hash = Hash("name" + attempt);
        return string.Create(
            12,
            (uint)(hash >> 32) ^ (uint)hash,
            static (name, digits) =>
            {
                "veth".CopyTo(name);
                for (var i = 0; i < 8; i++)
                    name[4 + i] = "0123456789abcdef"[(int)(digits >> (28 - 4 * i)) & 15];
            }
        );
    }

    /// <summary>
    /// A hardware address for the host end: <c>fe</c>, 16 bits of the owner's, 24 drawn at random, so that no other node has it. With
    /// <c>fe</c> in front it is never the least of a bridge's ports, whose address a bridge takes that was given none. One that is given
    /// stays: what the kernel draws, udev's MACAddressPolicy=persistent may replace after ADD has reported it.
    /// </summary>
    /// <param name="random">Any bits.</param>
    public MacAddress HostAddress(ulong random) => new(HostAddressStart | random & DrawnBits);

    /// <summary>
    /// True for an address that <see cref="HostAddress"/> gives this owner, or gave when it was computed from the owner alone.
    /// </summary>
    public bool MayBeHostAddress(MacAddress? address) =>
        address is { } given && ((given.Value & ~DrawnBits) == HostAddressStart || given == MacAddress.Local(Hash("host")));

    private ulong HostAddressStart => 0xfe00_0000_0000 | (Hash("host") & 0xffff) << 24;

    // FNV-1a, 64 bits: no cryptography, only spread.
    private ulong Hash(string purpose)
    {
        var hash = 14695981039346656037ul;
        foreach (var part in (ReadOnlySpan<string>)[Network, "/", ContainerId, "/", IfName, "/", purpose])
        {
            foreach (var c in part)
                hash = (hash ^ c) * 1099511628211ul;
        }

        return hash;
    }
}
