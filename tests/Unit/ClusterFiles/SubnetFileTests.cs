using Plugboard.Addresses;
using Plugboard.ClusterFiles;

namespace Plugboard.Tests.Unit.ClusterFiles;

public sealed class SubnetFileTests : IDisposable
{
    private const string DualStack = """
        FLANNEL_NETWORK=10.244.0.0/16
        FLANNEL_SUBNET=10.244.1.1/24
        FLANNEL_IPV6_NETWORK=2001:cafe:42::/56
        FLANNEL_IPV6_SUBNET=2001:cafe:42:1::1/64
        FLANNEL_MTU=1450
        FLANNEL_IPMASQ=true

        """;

    private readonly string folder = Directory.CreateTempSubdirectory("plugboard-cluster-").FullName;

    private string Target => Path.Combine(folder, "run/flannel/subnet.env");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static SubnetFile Parse(string text) => SubnetFile.Parse(text, "/run/flannel/subnet.env");

    private static string Refused(string text) => Assert.Throws<SubnetFileException>(() => Parse(text)).Message;

    [Theory]
    [InlineData(DualStack)]
    [InlineData("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=false\n")]
    [InlineData("FLANNEL_NETWORK=10.244.0.0/16,10.10.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=0\nFLANNEL_IPMASQ=false\n")]
    [InlineData(
        "FLANNEL_IPV6_NETWORK=2001:cafe:42::/56\nFLANNEL_IPV6_SUBNET=2001:cafe:42:1::1/64\nFLANNEL_MTU=1430\nFLANNEL_IPMASQ=true\n"
    )]
    public void What_the_daemon_writes_is_read_and_written_to_the_byte(string text) => Assert.Equal(text, Parse(text).Render());

    [Fact]
    public void Every_key_is_read()
    {
        var file = Parse(DualStack);
        Assert.Equal(
            ("10.244.0.0/16", "10.244.1.1/24", "2001:cafe:42::/56", "2001:cafe:42:1::1/64", 1450u, true),
            (
                file.Networks[0].ToString(),
                file.Subnet.ToString(),
                file.IPv6Networks[0].ToString(),
                file.IPv6Subnet.ToString(),
                file.Mtu,
                file.IpMasq
            )
        );
    }

    [Fact]
    public void Networks_are_masked_and_each_is_taken_once()
    {
        var file = Parse(
            "FLANNEL_NETWORK=10.244.3.1/16,10.10.0.0/16,10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=yes"
        );
        Assert.Equal(["10.244.0.0/16", "10.10.0.0/16"], file.Networks.Select(static network => network.ToString()));
        Assert.False(file.IpMasq);
    }

    [Fact]
    public void Other_lines_mean_nothing_and_the_last_of_a_key_counts()
    {
        var file = Parse("# by hand\r\n\r\nfoo\nA=B\n" + DualStack.ReplaceLineEndings("\r\n") + "FLANNEL_MTU=9000\r\nXFLANNEL_MTU\n");
        Assert.Equal((9000u, true), (file.Mtu, file.IpMasq));
    }

    [Fact]
    public void An_editor_s_byte_order_mark_is_not_part_of_the_first_key() => Assert.Equal(Parse(DualStack), Parse("\ufeff" + DualStack));

    [Theory]
    [InlineData("", "is missing FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK, FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET, FLANNEL_MTU, FLANNEL_IPMASQ")]
    [InlineData("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\n", "is missing FLANNEL_MTU, FLANNEL_IPMASQ")]
    [InlineData("FLANNEL_IPV6_NETWORK=fd00::/56\nFLANNEL_MTU=1\nFLANNEL_IPMASQ=true", "is missing FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET")]
    [InlineData(
        "FLANNEL_SUBNET=10.244.1.1/24\n# FLANEL\nFLANEL_NETWORK=10.244.0.0/16\nFLANNEL_MTU=1\nexport FLANNEL_IPMASQ=true",
        "is missing FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK, FLANNEL_IPMASQ (line 3 has \"FLANEL_NETWORK\", which is not a key)"
    )]
    public void What_is_missing_is_named(string text, string message) => Assert.Equal($"/run/flannel/subnet.env {message}", Refused(text));

    [Theory]
    [InlineData("FLANNEL_MTU", "line 1: FLANNEL_MTU has no value: it wants FLANNEL_MTU=…")]
    [InlineData("\nFLANNEL_MTU=", "line 2: FLANNEL_MTU is empty")]
    [InlineData("FLANNEL_MTU=4294967296", "line 1: FLANNEL_MTU wants a number of bytes, not \"4294967296\"")]
    [InlineData(
        "FLANNEL_MTU=99999999999999999999999999",
        "line 1: FLANNEL_MTU wants a number of bytes, not \"99999999999999999999999999\""
    )]
    [InlineData("FLANNEL_MTU=-1", "line 1: FLANNEL_MTU wants a number of bytes, not \"-1\"")]
    [InlineData("FLANNEL_NETWORK=10.244.0.0", "line 1: invalid CIDR address: 10.244.0.0")]
    [InlineData("FLANNEL_NETWORK=10.244.0.0/16,", "line 1: invalid CIDR address: ")]
    [InlineData("FLANNEL_IPV6_SUBNET=fd00::/129", "line 1: invalid CIDR address: fd00::/129")]
    public void What_is_wrong_is_said_with_its_line(string text, string message) =>
        Assert.Equal($"/run/flannel/subnet.env {message}", Refused(text));

    [Fact]
    public void A_node_s_part_is_named_by_its_first_address() =>
        Assert.Equal(
            "10.244.1.1/24 fd00:1::1/64",
            $"{SubnetFile.FirstOf(IPPrefix.Parse("10.244.1.0/24"))} {SubnetFile.FirstOf(IPPrefix.Parse("fd00:1::/64"))}"
        );

    [Fact]
    public void Two_that_say_the_same_are_equal()
    {
        Assert.Equal(Parse(DualStack), Parse(DualStack));
        Assert.NotEqual(Parse(DualStack), Parse(DualStack) with { Mtu = 1 });
        Assert.Equal(Parse(DualStack).GetHashCode(), Parse(DualStack).GetHashCode());
    }

    [Fact]
    public void It_is_written_once_and_leaves_nothing_beside_it()
    {
        var file = Parse(DualStack);
        Assert.Null(SubnetFile.Find(Target));
        Assert.True(file.Write(Target));
        var written = File.GetLastWriteTimeUtc(Target);
        Assert.False(file.Write(Target));
        Assert.Equal(written, File.GetLastWriteTimeUtc(Target));
        Assert.True((file with { Mtu = 1400 }).Write(Target));
        Assert.Equal(1400u, SubnetFile.Find(Target)!.Mtu);
        Assert.Equal([Target], Directory.GetFileSystemEntries(Path.GetDirectoryName(Target)!));
    }

    [Fact]
    public void Every_user_may_read_it()
    {
        Parse(DualStack).Write(Target);
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(
                "644 755",
                $"{Convert.ToString((int)File.GetUnixFileMode(Target), 8)} "
                    + $"{Convert.ToString((int)File.GetUnixFileMode(Path.GetDirectoryName(Target)!), 8)}"
            );
        }
    }

    [Fact]
    public void The_last_good_one_is_restored_after_a_boot_and_only_then()
    {
        var state = new LastGoodState(Path.Combine(folder, "state"), "node1");
        Assert.Null(state.Find());
        Assert.Null(state.Restore(Target));
        Assert.True(state.Save(Parse(DualStack)));
        Assert.False(state.Save(Parse(DualStack)));
        Assert.Equal(Parse(DualStack), state.Restore(Target));
        Assert.Equal(DualStack, File.ReadAllText(Target));
        Assert.Null(state.Restore(Target));
        File.WriteAllText(Target, "FLANNEL_MTU\n");
        Assert.Equal(Parse(DualStack), state.Restore(Target));
        Assert.True(state.Forget());
        Assert.Null(state.Find());
    }

    [Fact]
    public void Another_node_s_or_a_torn_last_good_one_counts_for_nothing()
    {
        var directory = Path.Combine(folder, "state");
        new LastGoodState(directory, "node1").Save(Parse(DualStack));
        Assert.Null(new LastGoodState(directory, "node10").Find());
        Assert.Null(new LastGoodState(directory, "ode1").Find());
        var path = Path.Combine(directory, "subnet.env");
        var whole = File.ReadAllText(path);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllText(path, whole[..length]);
            Assert.Null(new LastGoodState(directory, "node1").Restore(Target));
        }
    }
}
