using Plugboard.Addresses;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Bridge;

/// <summary>
/// What lives of an earlier ADD for the same container and interface, as the kernel tells: a veth pair with the owner's mark, or one of an
/// implementation that marks none and whose other namespace has the address that is asked for. Read only where a lease or a name says that
/// there was such an ADD.
/// </summary>
/// <param name="host">The host's links.</param>
/// <param name="owner">The container's interface.</param>
/// <param name="own">The name of the pair that this ADD has made.</param>
internal sealed class EarlierAttachment(RouteClient host, Attachment owner, string own)
{
    private IReadOnlyList<Link>? candidates;

    private IReadOnlyList<Link> Candidates => candidates ??= [.. host.Links.List().Where(IsCandidate)];

    private bool IsCandidate(Link link) =>
        link.Kind == "veth"
        && link.LinkNetNsId >= 0
        && link.Name != own
        && (link.Alias == owner.Alias || VethNames.Parse(link.Alias) is null);

    /// <summary>True where one may live: a pair that no other attachment is known to have leads to a namespace that is there.</summary>
    public bool MayLive => Candidates.Any(link => host.Links.FindPeer(link) is not null);

    /// <summary>True where an interface has the address; where the kernel cannot tell, too.</summary>
    public bool Uses(IPAddr address)
    {
        var family = address.Is6 ? AddressFamily.IPv6 : AddressFamily.IPv4;
        foreach (var number in Candidates.Select(static link => link.LinkNetNsId!.Value).Distinct())
        {
            try
            {
                if (host.Addresses.ListIn(number, family).Any(present => present.Address.Address == address))
                    return true;
            }
            catch (NotSupportedException)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// True where the host's end of a pair belongs to the owner: by its mark or, where an ADD was killed before it set one, by its address.
    /// </summary>
    public static bool IsOwn(Link link, Attachment owner) =>
        link.Alias == owner.Alias || (link.Alias.Length == 0 && owner.MayBeHostAddress(link.Address));

    /// <summary>
    /// True where the pair's other end is there: false while the kernel takes its namespace apart, which takes seconds where many end at
    /// once.
    /// </summary>
    public static bool IsAlive(RouteClient host, Link link) => link.LinkNetNsId is null || host.Links.FindPeer(link) is not null;
}
