using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined.Bandwidth;

/// <summary>
/// The ifb through which an attachment's packets go. Its name is the reference's, computed from network and container; where another
/// interface of the container has that one, the interface is in the name too. Its alias names the attachment. The reference sets no alias:
/// an ifb without one is the attachment's to whose link it is redirected.
/// </summary>
/// <param name="host">The host's links.</param>
/// <param name="owner">The attachment.</param>
/// <param name="end">The pod's link on the host; null if it is not known.</param>
internal sealed class ShapingDevice(RouteClient host, Attachment owner, Link? end)
{
    /// <summary>The driver's name.</summary>
    public const string Kind = "ifb";

    private const int Attempts = 4;

    /// <summary>
    /// In packets, the reference's: each class of an htb has a queue of the link's length, and a tbf has its own in bytes.
    /// </summary>
    private const int LeastQueue = 1000;

    private readonly string[] names = [NameOf(owner.Network + owner.ContainerId), NameOf(owner.ToString())];

    /// <summary>An ifb's name: <c>bwp</c> and twelve hexadecimal digits of a text's SHA-512.</summary>
    public static string NameOf(string text) => string.Concat("bwp", Sha512.Hex(text).AsSpan(0, 12));

    /// <summary>The attachment's ifbs: more than one where an ADD was killed. Empty: none.</summary>
    public IEnumerable<Link> List() => names.Select(host.Links.Find).OfType<Link>().Where(IsOwn);

    private bool IsOwn(Link link)
    {
        if (link.Kind != Kind)
            return false;
        if (VethNames.Parse(link.Alias) is { } marked)
            return marked == owner;
        return link.Name == names[1] || end is null || new Redirection(host, end).FindTarget() == link.Index || !IsUsed(link.Index);
    }

    private bool IsUsed(int index) =>
        host.Links.List().Any(each => each.Kind == "veth" && new Redirection(host, each).FindTarget() == index);

    /// <summary>Makes the ifb, up and with the MTU of the pod's link; one of an earlier ADD is taken over.</summary>
    /// <param name="podEnd">The pod's link on the host.</param>
    /// <param name="hasClasses">Whether its limit is an htb's.</param>
    /// <param name="rollback">What removes it, or restores it.</param>
    /// <exception cref="CniException">Code 2: the kernel has no ifb. Code 11: both names are taken.</exception>
    public Link Ensure(Link podEnd, bool hasClasses, Rollback rollback)
    {
        var queue = hasClasses ? Math.Max(LeastQueue, podEnd.TxQueueLength) : 0;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            // By either name: the other one may be free since.
            if (List().FirstOrDefault() is { } own)
                return Settle(own, podEnd.Mtu, queue, rollback);
            if (names.FirstOrDefault(name => host.Links.Find(name) is null) is not { } free)
                break;
            if (TryMake(free, podEnd.Mtu, queue, rollback))
                return Settle(host.Links.Get(free), podEnd.Mtu, queue, rollback);
        }

        throw new CniException(
            CniErrorCode.TryAgainLater,
            $"adding link: {names[0]} and {names[1]} exist",
            $"other links have the names that {owner} can have: {string.Join(", ", names.Select(Describe))}"
        );
    }

    private string Describe(string name) =>
        host.Links.Find(name) is not { } link ? $"{name} is gone again"
        : VethNames.Parse(link.Alias) is { } holder ? $"{name} is of {holder}"
        : $"{name} is a link of kind {link.Kind} without an owner's mark";

    // False if another call has made one of the name.
    private bool TryMake(string name, int mtu, int queue, Rollback rollback)
    {
        var address = MacAddress.Local(RandomBits.Next());
        // Before it is made: the kernel's answer may be lost. The address is this call's.
        rollback.OnFailure($"remove {name}", () => Remove(name, address));
        try
        {
            host.Links.Add(
                new IfbSpec
                {
                    Name = name,
                    Mtu = mtu,
                    TxQueueLength = queue,
                    // Set always: what the kernel draws, udev's MACAddressPolicy=persistent may replace after ADD has reported it.
                    Address = address,
                    Up = true,
                }
            );
            return true;
        }
        catch (NetlinkException e) when (e.Errno == Errno.EEXIST)
        {
            return false;
        }
        catch (NetlinkException e) when (e.Errno == Errno.EOPNOTSUPP)
        {
            throw KernelSupport.Lacks("ifb devices", "the module ifb (CONFIG_IFB)", e, "egressRate and egressBurst");
        }
    }

    private static void Remove(string name, MacAddress address)
    {
        using var client = RouteClient.Open();
        if (client.Links.Find(name) is { Kind: Kind } made && made.Address == address)
            client.Links.Delete(made.Index);
    }

    private Link Settle(Link ifb, int mtu, int queue, Rollback rollback)
    {
        var change = new LinkChange
        {
            Up = ifb.IsUp ? null : true,
            Mtu = ifb.Mtu == mtu ? null : mtu,
            TxQueueLength = ifb.TxQueueLength >= queue ? null : queue,
            Alias = owner.Alias is { } alias && ifb.Alias != alias ? alias : null,
        };
        if (change == new LinkChange())
            return ifb;
        var before = new LinkChange
        {
            Up = change.Up is null ? null : false,
            Mtu = change.Mtu is null ? null : ifb.Mtu,
            TxQueueLength = change.TxQueueLength is null ? null : ifb.TxQueueLength,
            Alias = change.Alias is null ? null : ifb.Alias,
        };
        rollback.OnFailure($"restore {ifb.Name}", () => Restore(ifb.Index, before));
        host.Links.Set(ifb.Index, change);
        return ifb;
    }

    private static void Restore(int index, LinkChange before)
    {
        using var client = RouteClient.Open();
        client.Links.Set(index, before);
    }
}
