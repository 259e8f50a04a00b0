using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Traffic;

namespace Plugboard.Combined.Bandwidth;

/// <summary>
/// What limits what a link sends: the qdisc at its root, with classes and filters. Alone it is a <c>tbf</c>. For a part of the packets it
/// is an <c>htb</c> with a class that is limited and one that is not, and filters by destination, as the reference's releases 1.5.0 and
/// 1.5.1 make it, with subnets or without.
/// </summary>
/// <param name="Root">The qdisc.</param>
/// <param name="Classes">In the order of their numbers.</param>
/// <param name="Filters">In the order in which they are asked, with the kernel's choice of handles.</param>
internal sealed record Shaping(Qdisc Root, ValueArray<TrafficClass> Classes, ValueArray<Filter> Filters)
{
    private const string Tbf = "tbf";
    private const string Htb = "htb";
    private const ushort Unlimited = 1;
    private const ushort Limited = 0x30;

    /// <summary>In bytes per second: 800 Gbit.</summary>
    private const ulong UnlimitedRate = 100_000_000_000;

    // Kinds of frames cannot share a priority.
    private const ushort PriorityOf6 = 15;
    private const ushort PriorityOf4 = 16;
    private const int DestinationOf4 = 16;
    private const int DestinationOf6 = 24;
    private const int KeyBits = 32;

    private static readonly TrafficHandle handle = new(1, 0);

    /// <summary>What ADD makes of a limit.</summary>
    /// <param name="link">The link's index.</param>
    /// <param name="bucket">The limit.</param>
    /// <param name="subnets">The part that it is for; null: all.</param>
    public static Shaping Of(int link, TokenBucket bucket, SubnetSelection? subnets) =>
        subnets is null ? new Shaping(Qdisc.AtRoot(link, bucket.Tbf), [], []) : InClasses(link, bucket.Tbf, subnets);

    private static Shaping InClasses(int link, Tbf bucket, SubnetSelection subnets)
    {
        // Twice the rate has no effect, as there is no class to borrow from: it is the reference's.
        var limited = new HtbClass(bucket.Rate, 2 * bucket.Rate, bucket.Buffer, bucket.Buffer);
        var chosen = new TrafficHandle(1, subnets.AreExempt ? Unlimited : Limited);
        return new Shaping(
            Qdisc.AtRoot(link, new Htb(subnets.AreExempt ? Limited : Unlimited)),
            [
                TrafficClass.OfRoot(link, Unlimited, new HtbClass(UnlimitedRate, UnlimitedRate, 0, 0)),
                TrafficClass.OfRoot(link, Limited, limited),
            ],
            [.. subnets.Subnets.OrderByDescending(static subnet => subnet.Is6).Select(subnet => ByDestination(link, subnet, chosen))]
        );
    }

    private static Filter ByDestination(int link, IPPrefix subnet, TrafficHandle chosen) =>
        new()
        {
            LinkIndex = link,
            Parent = handle,
            Priority = subnet.Is6 ? PriorityOf6 : PriorityOf4,
            Protocol = subnet.Is6 ? Filter.IPv6Protocol : Filter.IPv4Protocol,
            Kind = "u32",
            Keys = subnet.Length == 0 ? [FilterKey.Any] : [.. KeysOf(subnet)],
            ClassId = chosen,
        };

    private static IEnumerable<FilterKey> KeysOf(IPPrefix subnet)
    {
        var first = subnet.Is6 ? DestinationOf6 : DestinationOf4;
        for (var done = 0; done < subnet.Length; done += KeyBits)
        {
            var mask = uint.MaxValue << Math.Max(0, KeyBits - (subnet.Length - done));
            var value = (uint)(subnet.Address.Value >> (subnet.Address.BitLength - KeyBits - done));
            yield return new FilterKey(mask, value & mask, first + done / 8);
        }
    }

    /// <summary>What a program has set at a link's root; null: nothing has.</summary>
    public static Shaping? Find(RouteClient host, int link)
    {
        if (host.Qdiscs.Find(link, TrafficHandle.Root) is not { Handle.Value: not 0 } root)
            return null;
        if (root.Kind != Htb)
            return new Shaping(root, [], []);
        var classes = host.Classes.List(link).OrderBy(static each => each.Handle.Value);
        var filters = host.Filters.List(link, root.Handle).Select(static each => each with { Handle = 0 });
        return new Shaping(root, [.. classes], [.. filters]);
    }

    /// <summary>True for what this plugin or the reference makes, by its content.</summary>
    public bool IsOwn =>
        Root.Handle == handle
        && (
            Root.Kind == Tbf
            || Root.Htb?.DefaultClass is Limited or Unlimited
                && Classes is [{ Handle.Minor: Unlimited, Htb.Rate: UnlimitedRate }, { Handle.Minor: Limited }]
        );

    /// <summary>Sets it in place of what is there.</summary>
    /// <param name="host">The host's links.</param>
    /// <param name="present">What is there; null: nothing.</param>
    /// <exception cref="Plugboard.Netlink.NetlinkException">ENOENT: the kernel lacks the kind of qdisc or filter.</exception>
    public void Replace(RouteClient host, Shaping? present)
    {
        if (Root.Kind == Tbf && present?.Root.Kind is null or Tbf)
        {
            host.Qdiscs.Replace(Root);
            return;
        }

        // In one: without its classes it would look like one of another program, and a qdisc of another kind cannot be replaced.
        var batch = new RouteBatch();
        if (present is not null)
            batch.DeleteQdisc(Root.LinkIndex, TrafficHandle.Root);
        batch.Add(Root);
        foreach (var each in Classes)
            batch.Add(each);
        foreach (var filter in Filters)
            batch.Add(filter);
        if (host.TryExecute(batch) is [var refusal, ..])
            throw refusal.ToException();
    }

    /// <summary>What of a present shaping is not as set, in the reference's words; null if nothing is.</summary>
    /// <param name="present">What is there.</param>
    /// <param name="bucket">The limit.</param>
    /// <param name="subnets">The part that it is for; null: all.</param>
    public static string? FindDifference(Shaping? present, TokenBucket bucket, SubnetSelection? subnets)
    {
        const string None = "Failed to find qdisc";
        if (present?.Root.Kind == Htb)
            return present.FindDifference(InClasses(present.Root.LinkIndex, bucket.Tbf, subnets ?? everything), bucket);
        return subnets is null && present?.Root.Tbf is { } tbf ? bucket.FindDifference(tbf) : None;
    }

    /// <summary>As the reference's 1.5 has it where no subnets are given.</summary>
    private static readonly SubnetSelection everything = new([], AreExempt: true);

    private string? FindDifference(Shaping wanted, TokenBucket bucket)
    {
        if (Root.Htb != wanted.Root.Htb)
            return $"Default class does not match: {Root.Htb?.DefaultClass:x} instead of {wanted.Root.Htb?.DefaultClass:x}";
        if (Classes.Count != wanted.Classes.Count)
            return $"Number of htb classes does not match: {Classes.Count} instead of {wanted.Classes.Count}";
        if (Classes[0] != wanted.Classes[0])
            return $"Rate does not match for the uncapped class: {Classes[0].Htb?.Rate} instead of {UnlimitedRate}";
        var (present, limit) = (Classes[1].Htb, wanted.Classes[1].Htb!);
        if (Classes[1].Handle != wanted.Classes[1].Handle || present?.Rate != limit.Rate || present.Ceil != limit.Ceil)
            return $"Rate does not match for the shaped class: {present?.Rate} bytes per second instead of {limit.Rate}";
        if (!bucket.IsBuffer(present.Buffer) || !bucket.IsBuffer(present.CeilBuffer))
            return $"Burst buffer size does not match for the shaped class: {present.Buffer} ticks instead of {limit.Buffer}";
        return Filters != wanted.Filters ? $"Filters do not match: {Filters.Count} instead of {wanted.Filters.Count}, or others" : null;
    }
}
