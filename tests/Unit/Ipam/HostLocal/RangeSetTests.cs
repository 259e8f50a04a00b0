using FsCheck;
using FsCheck.Fluent;
using Plugboard.Addresses;
using Plugboard.Ipam.HostLocal;
using Plugboard.Testing.Ipam;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

public sealed class RangeSetTests
{
    private static IPRange Range(int third, int start, int size, int gateway) =>
        new(
            IPPrefix.Parse($"10.1.{third}.0/24"),
            IPAddr.Parse($"10.1.{third}.{start}"),
            IPAddr.Parse($"10.1.{third}.{start + size - 1}"),
            IPAddr.Parse($"10.1.{third}.{gateway}")
        );

    private static readonly Arbitrary<int[]> Numbers = Gen.Choose(1, 60).ArrayOf(10).ToArbitrary();

    private static RangeSet Set(int[] numbers) =>
        Of([
            .. Enumerable
                .Range(0, (numbers[0] % 3) + 1)
                .Select(i => Range(i, numbers[(3 * i) + 1], numbers[(3 * i) + 2], numbers[(3 * i) + 3])),
        ]);

    private static RangeSet Of(IReadOnlyList<IPRange> ranges) => new(ranges, ReservedAddresses.Of([ranges], []));

    [Fact]
    public void A_turn_gives_every_address_once_but_no_gateway() =>
        Prop.ForAll(
                Numbers,
                numbers =>
                {
                    var set = Set(numbers);
                    var last = IPAddr.Parse($"10.1.{numbers[4] % 4}.{numbers[5]}");
                    var turn = set.Turn(last).Select(candidate => candidate.Address).ToList();
                    var all = set
                        .Ranges.SelectMany(AddressesOf)
                        .Where(address => set.Ranges.All(range => address != range.Gateway))
                        .Order()
                        .ToList();
                    return turn.Distinct().Count() == turn.Count && turn.Order().SequenceEqual(all) && (UInt128)turn.Count == set.Size;
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void The_last_address_comes_last() =>
        Prop.ForAll(
                Numbers,
                numbers =>
                {
                    var set = Set(numbers);
                    var all = set.Turn(null).Select(candidate => candidate.Address).ToList();
                    return all.Count == 0 || set.Turn(all[numbers[9] % all.Count]).Last().Address == all[numbers[9] % all.Count];
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Addresses_are_given_out_once_until_none_is_left() =>
        Prop.ForAll(
                Numbers,
                numbers =>
                {
                    using var network = new IpamNetwork(new HostLocalPlugin());
                    var set = Of([
                        Range(0, numbers[0], (numbers[1] % 24) + 1, numbers[2]),
                        Range(1, numbers[3], (numbers[4] % 24) + 1, numbers[5]),
                    ]);
                    network.Config = $$"""{"ranges":[[{{string.Join(',', set.Ranges.Select(Json))}}]]}""";
                    var given = new HashSet<IPAddr>();
                    for (var i = 0; i < (int)set.Size; i++)
                    {
                        var address = network.Add($"c{i}").IPs[0].Address.Address;
                        if (!given.Add(address) || set.FindRange(address) is not { } range || range.Gateway == address)
                            return false;
                    }

                    var late = IpamNetwork.Fails(() => network.Add("late")).Message;
                    return set.IsEmpty
                        ? late.Contains($"{set} has no address for a pod", StringComparison.Ordinal)
                        : late.EndsWith($"no IP addresses available in range set: {set}", StringComparison.Ordinal);
                }
            )
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("10.50.0.2-10.50.0.2 10.50.0.8-10.50.0.9", "10.50.0.2 10.50.0.9")]
    [InlineData("10.50.0.8-10.50.0.9 10.50.0.2-10.50.0.2", "10.50.0.9 10.50.0.2")]
    [InlineData("10.50.0.0-10.50.0.2 10.50.0.254-10.50.0.255", "10.50.0.1 10.50.0.2 10.50.0.254")]
    public void No_range_gives_the_gateway_of_another_nor_what_belongs_to_the_subnet(string ranges, string expected)
    {
        var (subnet, gateway) = (IPPrefix.Parse("10.50.0.0/24"), IPAddr.Parse("10.50.0.8"));
        var set = Of([
            .. ranges
                .Split(' ')
                .Select(range => new IPRange(subnet, IPAddr.Parse(range.Split('-')[0]), IPAddr.Parse(range.Split('-')[1]), gateway)),
        ]);
        Assert.Equal(expected, string.Join(' ', set.Turn(null).Select(static candidate => candidate.Address)));
        Assert.Equal(expected.Split(' ').Length, (int)set.Size);
    }

    [Fact]
    public void The_index_finds_what_comparing_each_with_each_finds() =>
        Prop.ForAll(
                Numbers,
                numbers =>
                {
                    var ranges = Enumerable
                        .Range(0, 5)
                        .Select(i => (Range: Range(numbers[2 * i] % 2, numbers[2 * i], numbers[(2 * i) + 1], 1), Number: i))
                        .ToList();
                    var overlapping = ranges.Where(one =>
                        ranges.Any(other =>
                            one.Number != other.Number && (one.Range.Contains(other.Range.Start) || other.Range.Contains(one.Range.Start))
                        )
                    );
                    var found = RangeIndex.OfRanges([.. ranges.Select(static range => range.Range)]).FindOverlaps();
                    return found
                            .SelectMany(static pair => new[] { pair.First.Number, pair.Second.Number })
                            .Distinct()
                            .Order()
                            .SequenceEqual(overlapping.Select(static range => range.Number))
                        && found.All(static pair =>
                            pair.First.Number < pair.Second.Number
                            && (pair.First.Range.Contains(pair.Second.Range.Start) || pair.Second.Range.Contains(pair.First.Range.Start))
                        );
                }
            )
            .QuickCheckThrowOnFailure();

    private static string Json(IPRange range) =>
        $$"""{"subnet":"{{range.Subnet}}","rangeStart":"{{range.Start}}","rangeEnd":"{{range.End}}","gateway":"{{range.Gateway}}"}""";

    private static IEnumerable<IPAddr> AddressesOf(IPRange range)
    {
        for (var address = range.Start; address <= range.End; address = address.Next())
            yield return address;
    }
}
