using System.Globalization;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.HostDevice;

/// <summary>
/// A device as it was on the host before an attachment got it: lines of a key, a blank and a value. Pure.
/// </summary>
/// <param name="Owner">The attachment.</param>
/// <param name="Name">Its name on the host.</param>
internal sealed record DeviceRecord(Attachment Owner, string Name)
{
    /// <summary>The boot of the node during which the attachment got it.</summary>
    public string Boot { get; init; } = "";

    /// <summary>CNI_NETNS of the attachment's ADD.</summary>
    public string NetNs { get; init; } = "";

    /// <summary>The inode number of that namespace; 0 if unknown.</summary>
    public ulong NetNsInode { get; init; }

    /// <summary>Which device it is.</summary>
    public required DeviceIdentity Identity { get; init; }

    /// <summary>Its alias; empty for none.</summary>
    public string Alias { get; init; } = "";

    /// <summary>In bytes.</summary>
    public int Mtu { get; init; }

    /// <summary>It was administratively up.</summary>
    public bool IsUp { get; init; }

    /// <summary>Its addresses without an end, in their order.</summary>
    public IReadOnlyList<KeptAddress> Addresses { get; init; } = [];

    /// <summary>Its alias shows that a container got it.</summary>
    public bool HasMark { get; init; } = true;

    /// <summary>
    /// True for a link of the host that this attachment got and that has come back: by itself, or only in part. While a container has a
    /// device, and until it is again as it was, its alias is its name on the host, as the reference has it.
    /// </summary>
    public bool IsMark(Link link) => (!HasMark || link.Alias == Name) && Identity.Is(link);

    /// <summary>
    /// As <see cref="IsMark"/>, and hardware whose alias the container removed: the kernel gives it back under the container's name.
    /// </summary>
    public bool IsReturned(Link link) => IsMark(link) || (Identity.IsCertain && link.Name == Owner.IfName && Identity.Is(link));

    /// <summary>The record of a link of the host.</summary>
    public static DeviceRecord Of(Link link, Attachment owner, IEnumerable<InterfaceAddress> addresses) =>
        new(owner, link.Name)
        {
            Identity = DeviceIdentity.Of(link),
            Alias = link.Alias,
            Mtu = link.Mtu,
            IsUp = link.IsUp,
            Addresses = [.. addresses.Where(KeptAddress.IsKept).Select(KeptAddress.Of)],
        };

    /// <summary>The file's content.</summary>
    public byte[] ToBytes()
    {
        var text = new StringBuilder();
        foreach (var (key, value) in Lines())
            text.Append(key).Append(' ').Append(Escape(value)).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private IEnumerable<(string, string)> Lines()
    {
        yield return ("network", Owner.Network);
        yield return ("container", Owner.ContainerId);
        yield return ("interface", Owner.IfName);
        yield return ("boot", Boot);
        yield return ("netns", NetNs);
        yield return ("netns-inode", NetNsInode.ToString(CultureInfo.InvariantCulture));
        yield return ("name", Name);
        yield return ("alias", Alias);
        yield return ("kind", Identity.Kind);
        yield return ("parent", Identity.Parent);
        yield return ("permanent-mac", Identity.Permanent?.ToString() ?? "");
        yield return ("peer", Identity.Peer.ToString(CultureInfo.InvariantCulture));
        yield return ("mac", Identity.Mac?.ToString() ?? "");
        yield return ("mtu", Mtu.ToString(CultureInfo.InvariantCulture));
        yield return ("up", IsUp ? "1" : "0");
        foreach (var address in Addresses)
            yield return ("address", address.ToString());
    }

    /// <summary>What a file says; null if it is no such record.</summary>
    public static DeviceRecord? Parse(ReadOnlySpan<byte> content)
    {
        var lines = Encoding
            .UTF8.GetString(content)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => line.Split(' ', 2))
            .Where(static parts => parts.Length == 2)
            .ToLookup(static parts => parts[0], static parts => Unescape(parts[1]), StringComparer.Ordinal);
        string Text(string key) => lines[key].LastOrDefault() ?? "";
        int Number(string key) => int.TryParse(Text(key), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (Text("name").Length == 0 || Text("container").Length == 0 || Text("interface").Length == 0 || Number("mtu") == 0)
            return null;
        return new DeviceRecord(new Attachment(Text("network"), Text("container"), Text("interface")), Text("name"))
        {
            Boot = Text("boot"),
            NetNs = Text("netns"),
            NetNsInode = ulong.TryParse(Text("netns-inode"), NumberStyles.None, CultureInfo.InvariantCulture, out var inode) ? inode : 0,
            Identity = new DeviceIdentity(
                Text("kind"),
                Text("parent"),
                ParseAddress(Text("permanent-mac")),
                Number("peer"),
                ParseAddress(Text("mac"))
            ),
            Alias = Text("alias"),
            Mtu = Number("mtu"),
            IsUp = Text("up") == "1",
            Addresses = [.. lines["address"].Select(KeptAddress.Parse).OfType<KeptAddress>()],
        };
    }

    private static MacAddress? ParseAddress(string text) => MacAddress.TryParse(text, out var mac) ? mac : null;

    // An alias may hold anything.
    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Unescape(string value)
    {
        if (!value.Contains('\\', StringComparison.Ordinal))
            return value;
        var text = new StringBuilder();
        for (var i = 0; i < value.Length; i++)
        {
            var isEscape = value[i] == '\\' && i + 1 < value.Length;
            text.Append(
                !isEscape ? value[i]
                : value[++i] == 'n' ? '\n'
                : value[i]
            );
        }

        return text.ToString();
    }
}

/// <summary>
/// What stays the same of a device whatever name and address a container gives it. A virtual link has no device below: its kind and the
/// link that it leads to must do. Pure.
/// </summary>
/// <param name="Kind">The driver's name; empty for hardware.</param>
/// <param name="Parent">The device below, as <see cref="Link.ParentDevice"/>.</param>
/// <param name="Permanent">The address that the hardware came with.</param>
/// <param name="Peer">The index of a veth's other end, or of a macvlan's master.</param>
/// <param name="Mac">The address that it had on the host.</param>
internal sealed record DeviceIdentity(string Kind, string Parent, MacAddress? Permanent, int Peer, MacAddress? Mac)
{
    /// <summary>True for hardware: no other device can be taken for it.</summary>
    public bool IsCertain => Parent.Length > 0 || Permanent is not null;

    /// <summary>A link's.</summary>
    public static DeviceIdentity Of(Link link) => new(link.Kind, link.ParentDevice, link.PermanentAddress, link.PeerIndex, link.Address);

    /// <summary>True if a link of a container may be the device: what it leads to stayed in another namespace.</summary>
    public bool IsInContainer(Link link) => Is(link) && !link.IsLoopback && (IsCertain || Peer == 0 || link.LinkNetNsId is not null);

    /// <summary>
    /// True if a link may be the device. A virtual function's permanent address is the one that its last reset has found (igbvf), so the
    /// device below counts for more.
    /// </summary>
    public bool Is(Link link) =>
        link.Kind == Kind
        && (
            Parent.Length > 0 ? link.ParentDevice == Parent
            : Permanent is not null ? link.PermanentAddress == Permanent
            : Peer != 0 ? link.PeerIndex == Peer
            : link.Address == Mac
        );
}

/// <summary>An address of the host that is given back.</summary>
/// <param name="Address">The address with its network's length.</param>
/// <param name="Scope">Where it is valid.</param>
/// <param name="Flags">How it was added.</param>
internal sealed record KeptAddress(IPPrefix Address, RouteScope Scope, AddressFlags Flags)
{
    private const AddressFlags Relevant = AddressFlags.NoDad | AddressFlags.NoPrefixRoute;

    /// <summary>
    /// True for one that the host's administrator set: not those with an end (DHCP, router advertisements), which their giver sets again,
    /// nor those that the kernel gives a link.
    /// </summary>
    public static bool IsKept(InterfaceAddress address) =>
        (address.Flags & AddressFlags.Permanent) != 0
        && address.Peer is null
        && !(address.Address.Is6 && address.Address.Address.IsLinkLocalUnicast);

    /// <summary>An address of the kernel's.</summary>
    public static KeptAddress Of(InterfaceAddress address) => new(address.Address, address.Scope, address.Flags & Relevant);

    /// <summary>A line of a record; null if it is not one.</summary>
    public static KeptAddress? Parse(string line) =>
        line.Split(' ') is [var text, var scope, var flags]
        && IPPrefix.TryParse(text, out var address)
        && byte.TryParse(scope, NumberStyles.None, CultureInfo.InvariantCulture, out var scopeNumber)
        && uint.TryParse(flags, NumberStyles.None, CultureInfo.InvariantCulture, out var flagNumber)
            ? new KeptAddress(address, (RouteScope)scopeNumber, (AddressFlags)flagNumber & Relevant)
            : null;

    /// <summary>The line of a record.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address} {(byte)Scope} {(uint)Flags}");
}
