using System.Globalization;
using Plugboard.Ipam.HostLocal;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;
using Plugboard.Testing.Ipam;

namespace Plugboard.Tests.Kernel.Ipam;

public sealed class FullFilesystemTests
{
    private const string TwoSets = """{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"2001:db8::/64"}]]}""";

    public static TheoryData<string> Sizes()
    {
        var sizes = new TheoryData<string>();
        for (var i = 2; i < 20; i++)
            sizes.Add($"nr_inodes={i}");
        for (var i = 1; i < 12; i++)
            sizes.Add($"size={i * 4096}");
        return sizes;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void An_ADD_that_finds_no_space_at_any_step_leaves_no_lease(string options) =>
        SmallFilesystem.Run(
            options,
            place =>
            {
                using var network = new IpamNetwork(new HostLocalPlugin(), place) { Config = TwoSets };
                var error = Record.Exception(() => network.Add("c1"));
                if (error is null)
                {
                    Assert.Equal("c1\r\neth0", network.Read("10.1.2.2"));
                    Assert.Equal("c1\r\neth0", network.Read("2001:db8::2"));
                    network.Check("c1");
                    network.Del("c1");
                }
                else
                {
                    Assert.Equal(Errno.ENOSPC, Assert.IsType<ErrnoException>(error).Errno);
                }

                Assert.False(network.Has("10.1.2.2") || network.Has("2001:db8::2"));
            }
        );

    [Theory]
    [InlineData("nr_inodes=1", "the filesystem of {0} has space, but no inodes left (df -i {0}): remove files there")]
    [InlineData("size=4096", "the filesystem of {0} is full (df {0}): free space there")]
    [InlineData("size=4096,nr_inodes=2", "the filesystem of {0} is full and has no inodes left (df {0}; df -i {0}): remove files there")]
    [InlineData("size=1m", "free space or inodes on the filesystem of {0} (df {0}; df -i {0})")]
    [InlineData("size=1m,nr_inodes=0", "free space or inodes on the filesystem of {0} (df {0}; df -i {0})")]
    public void The_remedy_names_what_is_missing_of_space_and_inodes(string options, string remedy) =>
        SmallFilesystem.Run(
            options,
            place =>
            {
                _ = Record.Exception(() => File.WriteAllBytes($"{place}/filler", new byte[4096]));
                var expected = string.Format(CultureInfo.InvariantCulture, remedy, place);
                Assert.Equal(expected, SpaceShortage.Remedy(Errno.ENOSPC, $"{place}/missing/file"));
                Assert.Equal(expected, SpaceShortage.Remedy(Errno.ENOSPC, place));
                Assert.StartsWith($"a quota on the filesystem of {place} is used up", SpaceShortage.Remedy(Errno.EDQUOT, place));
            }
        );

    [Fact]
    public void A_full_filesystem_loses_no_older_lease_and_lets_go_of_them() =>
        SmallFilesystem.Run(
            "nr_inodes=40",
            place =>
            {
                using var network = new IpamNetwork(new HostLocalPlugin(), place);
                var added = 0;
                while (
                    Record.Exception(() => network.Add($"c{added}")) is not { } error
                    || Assert.IsType<ErrnoException>(error).Errno != Errno.ENOSPC
                )
                    added++;
                Assert.InRange(added, 10, 40);
                for (var i = 0; i < added; i++)
                    network.Check($"c{i}");
                Assert.Equal(CniErrorCode.PluginNotAvailable, IpamNetwork.Fails(network.Status).Code);
                for (var i = 0; i < added; i++)
                    network.Del($"c{i}");
                Assert.Equal(["last_reserved_ip.0", "lock"], network.Files());
                network.Status();
                network.Add("late");
            }
        );

    [Fact]
    public void A_read_only_filesystem_is_said_and_loses_nothing() =>
        SmallFilesystem.Run(
            "size=1m",
            place =>
            {
                using var network = new IpamNetwork(new HostLocalPlugin(), place);
                network.Add("c1");
                SmallFilesystem.MakeReadOnly(place);
                Assert.Equal(Errno.EROFS, Assert.Throws<ErrnoException>(() => network.Add("c2")).Errno);
                Assert.Equal(Errno.EROFS, Assert.Throws<ErrnoException>(() => network.Del("c1")).Errno);
                network.Del("c2");
                network.Check("c1");
                var status = IpamNetwork.Fails(network.Status);
                Assert.Equal(CniErrorCode.PluginNotAvailable, status.Code);
                Assert.StartsWith("cannot write leases: open ", status.Message, StringComparison.Ordinal);
                Assert.Equal("c1\r\neth0", network.Read("10.1.2.2"));
                SmallFilesystem.MakeWritable(place);
            }
        );
}
