using System.Diagnostics;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.PodInterfaces;

/// <summary>
/// The live remains of an earlier ADD for the same container and interface, by the kernel: a veth pair with the owner's mark, or one
/// without marks whose other namespace has the requested address. Read only if a lease or a name shows that there was such an ADD.
/// </summary>
/// <param name="host">The host's links.</param>
/// <param name="owner">The container's interface.</param>
/// <param name="own">The name of the pair that this ADD has made.</param>
public sealed class EarlierAttachment(RouteClient host, Attachment owner, string own)
{
    // A closed netlink socket is freed an RCU grace period later (af_netlink.c, netlink_release), and holds its namespace until then: what
    // ended a moment ago still looks alive.
    private const int GraceMilliseconds = 100;
    private const int StepMilliseconds = 5;

    private IReadOnlyList<Link>? candidates;

    private IReadOnlyList<Link> Candidates => candidates ??= [.. host.Links.List().Where(IsCandidate)];

    private bool IsCandidate(Link link) =>
        link.Kind == "veth"
        && link.LinkNetNsId >= 0
        && link.Name != own
        && (link.Alias == owner.Alias || VethNames.Parse(link.Alias) is null);

    /// <summary>True where one may live: a pair that no other attachment is known to have leads to a namespace that is there.</summary>
    public bool MayLive => Stays(() => Candidates.Any(link => host.Links.FindPeer(link) is not null));

    /// <summary>True if an interface has the address, or if the kernel cannot show it.</summary>
    public bool Uses(IPAddr address) => Stays(() => HasNow(address));

    private bool HasNow(IPAddr address)
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
    public static bool IsAlive(RouteClient host, Link link) =>
        link.LinkNetNsId is null || Stays(() => host.Links.FindPeer(link) is not null);

    private static bool Stays(Func<bool> lives)
    {
        for (var watch = Stopwatch.StartNew(); lives(); OwnProcess.Pause(StepMilliseconds))
        {
            if (watch.ElapsedMilliseconds >= GraceMilliseconds)
                return true;
        }

        return false;
    }
}
