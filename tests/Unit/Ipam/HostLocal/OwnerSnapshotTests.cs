using Plugboard.Ipam.HostLocal;
using Plugboard.Linux.Files;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

public sealed class OwnerSnapshotTests : IDisposable
{
    private readonly string path = Directory.CreateTempSubdirectory("plugboard-snapshot-").FullName;

    public void Dispose() => Directory.Delete(path, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    [InlineData(3000)]
    public void Every_owner_is_found_and_no_other(int count)
    {
        using var directory = FileDirectory.Find(path)!;
        var owners = Enumerable.Range(0, count).Select(i => ($"eth0@c{i}{new string('x', i * 37 % 240)}", $"10.1.{i >> 8}.{i & 255}")).ToList();
        OwnerSnapshot.Write(directory, [.. owners], 0x180);
        foreach (var (name, target) in owners)
            Assert.Equal(target, OwnerSnapshot.Find(directory, name));
        foreach (var name in (string[])["", "@", "eth0@c", "eth0@c1x", "zzz@c", "eth1@c1"])
            Assert.Null(OwnerSnapshot.Find(directory, name));
    }

    [Fact]
    public void The_longest_lines_are_found()
    {
        using var directory = FileDirectory.Find(path)!;
        var owners = Enumerable.Range(0, 50).Select(i => ($"eth0@{i}{new string('x', 246)}"[..250], new string('1', 499))).ToList();
        OwnerSnapshot.Write(directory, [.. owners], 0x180);
        Assert.All(owners, owner => Assert.Equal(owner.Item2, OwnerSnapshot.Find(directory, owner.Item1)));
    }

    [Fact]
    public void A_missing_or_torn_file_knows_nobody()
    {
        using var directory = FileDirectory.Find(path)!;
        Assert.Null(OwnerSnapshot.Find(directory, "eth0@c1"));
        File.WriteAllBytes(Path.Combine(path, ".snapshot"), new byte[5000]);
        Assert.Null(OwnerSnapshot.Find(directory, "eth0@c1"));
        File.WriteAllText(Path.Combine(path, ".snapshot"), "\n\n\nline-without-space\n");
        Assert.Null(OwnerSnapshot.Find(directory, "eth0@c1"));
    }
}
