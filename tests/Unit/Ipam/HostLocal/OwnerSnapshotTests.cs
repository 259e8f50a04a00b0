using System.Text;
using Plugboard.Ipam.HostLocal;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

public sealed class OwnerSnapshotTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("plugboard-snapshot-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private OwnerSnapshot Write(byte[] text)
    {
        var path = Path.Combine(directory, OwnerSnapshot.FileName);
        File.WriteAllBytes(path, text);
        return OwnerSnapshot.Find(path)!;
    }

    private static string[] Find(OwnerSnapshot snapshot, string id) => [.. snapshot.Find(id).Select(address => address.ToString())];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    [InlineData(3000)]
    public void Every_owner_is_found_and_no_other(int count)
    {
        var owners = Enumerable
            .Range(0, count)
            .Select(i => (Id: $"c{i}{new string('x', i * 37 % 240)}", Address: $"10.1.{i >> 8}.{i & 255}"))
            .ToList();
        using var snapshot = Write(OwnerSnapshot.TextOf(owners.ConvertAll(owner => $"{owner.Id} {owner.Address}")));
        foreach (var (id, address) in owners)
            Assert.Equal([address], Find(snapshot, id));
        foreach (var id in (string[])["", "-", "c", "c1y", "c-1", "zzz", "10.1.0.0"])
            Assert.Empty(Find(snapshot, id));
    }

    [Fact]
    public void All_addresses_of_an_owner_are_found()
    {
        var lines = Enumerable.Range(0, 100).SelectMany(i => (string[])[$"many 10.1.2.{i}", $"many{i} 10.1.3.{i}", $"man.{i} 10.1.4.{i}"]);
        using var snapshot = Write(OwnerSnapshot.TextOf([.. lines]));
        Assert.Equal(100, Find(snapshot, "many").Distinct().Count(address => address.StartsWith("10.1.2.", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_longest_lines_are_found()
    {
        var ids = Enumerable.Range(0, 50).Select(i => $"{i + 100}{new string('x', 252)}").ToList();
        using var snapshot = Write(OwnerSnapshot.TextOf(ids.ConvertAll(id => $"{id} 2001:db8:1111:2222:3333:4444:5555:6666")));
        Assert.All(ids, id => Assert.Equal(["2001:db8:1111:2222:3333:4444:5555:6666"], Find(snapshot, id)));
    }

    [Fact]
    public void A_missing_file_is_no_snapshot_and_a_damaged_one_has_no_owner()
    {
        Assert.Null(OwnerSnapshot.Find(Path.Combine(directory, "missing")));
        using var zeros = Write(new byte[5000]);
        Assert.Empty(Find(zeros, "c1"));
        using var blank = Write("\n\n\nline-without-blank\n"u8.ToArray());
        Assert.Empty(Find(blank, "c1"));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 1)]
    [InlineData(40, 0)]
    [InlineData(40, 100)]
    [InlineData(400, 100)]
    public void A_merge_says_what_a_new_snapshot_of_the_outcome_says(int before, int changes)
    {
        var random = new Random(before + changes);
        HashSet<string> lines = [.. Enumerable.Range(0, before).Select(_ => Line(random))];
        var text = OwnerSnapshot.TextOf([.. lines]);
        var log = new StringBuilder("snapshot 1\n");
        for (var i = 0; i < changes; i++)
        {
            var (line, isIn) = (Line(random), random.Next(2) == 0);
            log.Append(isIn ? "+ " : "- ").Append(line).Append("\n= 17\n");
            _ = isIn ? lines.Add(line) : lines.Remove(line);
        }

        var merged = OwnerSnapshot.Merge(text, OwnerLog.ReadChanges(log.ToString()));
        Assert.Equal(Encoding.UTF8.GetString(OwnerSnapshot.TextOf([.. lines])), Encoding.UTF8.GetString(merged));
    }

    private static string Line(Random random) => $"c{random.Next(60)}{(random.Next(3) == 0 ? "-x" : "")} 10.1.2.{random.Next(4)}";
}
