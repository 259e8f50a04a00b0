using System.Globalization;
using System.Text;
using Plugboard.Addresses;

namespace Plugboard.PodInterfaces;

/// <summary>
/// What a host's veth end is called. Its name is computed from the attachment, so that DEL finds it when the namespace, its file and
/// prevResult are gone; its alias (<c>ip link</c> shows it) names the attachment, so that GC finds the owner and a link of another program
/// is never taken for ours. Pure.
/// </summary>
public static class VethNames
{
    // include/uapi/linux/if.h: IFALIASZ counts the closing zero.
    private const int MaxAliasBytes = 255;
    private const string Mark = "cni:";
    private const ulong DrawnBits = 0xff_ffff;

    /// <summary>The attachment of an alias; null if it is not one of ours.</summary>
    public static Attachment? Parse(string alias)
    {
        if (!alias.StartsWith(Mark, StringComparison.Ordinal))
            return null;
        var parts = alias[Mark.Length..].Split('/');
        return parts.Length == 3 ? new Attachment(parts[0], parts[1], parts[2]) : null;
    }

    extension(Attachment owner)
    {
        /// <summary>The link's alias, <c>cni:network/container/interface</c>; null if it does not fit.</summary>
        public string? Alias
        {
            get
            {
                var alias = string.Concat(Mark, owner.ToString());
                return Encoding.UTF8.GetByteCount(alias) <= MaxAliasBytes ? alias : null;
            }
        }

        /// <summary>
        /// The host end's name, <c>veth</c> and eight hex digits as the reference's; the next attempt if another link has the one before.
        /// </summary>
        public string HostName(int attempt)
        {
            var hash = Hash(owner, "name" + attempt);
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
        /// The name of a link in the pod before it gets its own: <c>cni</c> and eleven hex digits. Computed from the attachment, so that
        /// DEL finds the link of an ADD that was killed.
        /// </summary>
        public string FirstName => "cni" + (Hash(owner, "first") & 0xfff_ffff_ffff).ToString("x11", CultureInfo.InvariantCulture);

        /// <summary>
        /// A hardware address for the host end: <c>fe</c>, 16 bits of the owner's, 24 drawn at random, so that no other node has it. With
        /// <c>fe</c> in front it is never the least of a bridge's ports, whose address a bridge without one of its own takes. It is always
        /// set: what the kernel draws, udev's MACAddressPolicy=persistent may replace after ADD has reported it.
        /// </summary>
        /// <param name="random">Any bits.</param>
        public MacAddress HostAddress(ulong random) => new(HostAddressStart(owner) | random & DrawnBits);

        /// <summary>
        /// True for an address that <see cref="HostAddress"/> gives this owner, or gave when it was computed from the owner alone.
        /// </summary>
        public bool MayBeHostAddress(MacAddress? address) =>
            address is { } given
            && ((given.Value & ~DrawnBits) == HostAddressStart(owner) || given == MacAddress.Local(Hash(owner, "host")));
    }

    private static ulong HostAddressStart(Attachment owner) => 0xfe00_0000_0000 | (Hash(owner, "host") & 0xffff) << 24;

    // FNV-1a, 64 bits: no cryptography, only spread.
    private static ulong Hash(Attachment owner, string purpose)
    {
        var hash = 14695981039346656037ul;
        foreach (var part in (ReadOnlySpan<string>)[owner.Network, "/", owner.ContainerId, "/", owner.IfName, "/", purpose])
        {
            foreach (var c in part)
                hash = (hash ^ c) * 1099511628211ul;
        }

        return hash;
    }
}
