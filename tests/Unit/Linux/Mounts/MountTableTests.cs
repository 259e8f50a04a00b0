using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Plugboard.Linux.Mounts;

namespace Plugboard.Tests.Unit.Linux.Mounts;

public sealed class MountTableTests
{
    private static MountTable Parse(params string[] lines) => MountTable.Parse(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));

    [Fact]
    public void All_fields_are_read()
    {
        var entry = Assert.Single(
            Parse("36 35 98:0 /mnt1 /mnt2 rw,noatime,nosuid shared:1 master:2 - ext3 /dev/root rw,errors=continue").Entries
        );
        Assert.Equal((36, 35, 98u, 0u), (entry.Id, entry.ParentId, entry.Major, entry.Minor));
        Assert.Equal(("/mnt1", "/mnt2", "rw,noatime,nosuid"), (entry.Root, entry.Target, entry.Options));
        Assert.Equal(
            ("shared:1 master:2", "ext3", "/dev/root", "rw,errors=continue"),
            (entry.Propagation, entry.Type, entry.Source, entry.SuperOptions)
        );
        Assert.True(entry.IsShared);
        Assert.Equal(MountAttributes.NoAtime | MountAttributes.NoSuid, entry.Attributes);
    }

    [Fact]
    public void A_private_mount_has_no_optional_fields()
    {
        var entry = Assert.Single(Parse("36 35 98:0 / /a ro - tmpfs none rw").Entries);
        Assert.Equal(("", "tmpfs", "none"), (entry.Propagation, entry.Type, entry.Source));
        Assert.True(entry.IsReadOnly);
        Assert.False(entry.IsShared);
    }

    [Fact]
    public void A_mount_may_have_no_source()
    {
        var entry = Assert.Single(Parse("36 35 0:9 / /a rw - tmpfs  rw,size=4k").Entries);
        Assert.Equal(("", "rw,size=4k"), (entry.Source, entry.SuperOptions));
    }

    [Theory]
    [InlineData(@"/a\040b", "/a b")]
    [InlineData(@"/a\011b\012c", "/a\tb\nc")]
    [InlineData(@"/a\134b", @"/a\b")]
    [InlineData(@"/a\043b", "/a#b")]
    [InlineData(@"/a\04", @"/a\04")]
    [InlineData("/ä", "/ä")]
    public void Escapes_are_undone(string written, string meant) =>
        Assert.Equal(meant, Assert.Single(Parse($"36 35 98:0 / {written} rw - ext4 /dev/sda rw").Entries).Target);

    [Theory]
    [InlineData("")]
    [InlineData("36 35 98:0 / /a rw")]
    [InlineData("36 35 98:0 / /a rw shared:1")]
    [InlineData("36 35 98 / /a rw - ext4 x rw")]
    [InlineData("x 35 98:0 / /a rw - ext4 x rw")]
    [InlineData("36 35 98:0 / /a rw - ext4")]
    public void A_line_that_the_kernel_does_not_write_is_left_out(string line) =>
        Assert.Equal("/b", Assert.Single(Parse(line, "37 35 98:0 / /b rw - ext4 x rw").Entries).Target);

    [Fact]
    public void The_top_of_several_layers_is_the_one_that_no_other_is_on()
    {
        // Since Linux 6.8 the lines are in the order of the mounts' making: 40 was made first and moved last.
        var table = Parse("35 1 8:1 / / rw - ext4 x rw", "40 41 8:1 /b /v rw - ext4 x rw", "41 35 8:1 /a /v rw - ext4 x rw");
        Assert.Equal(2, table.LayersOn("/v").Count);
        Assert.Equal("/b", table.FindTop("/v")!.Root);
        Assert.Null(table.FindTop("/nothing"));
    }

    [Fact]
    public void What_is_below_comes_deepest_first_and_a_longer_name_is_not_below()
    {
        var table = Parse(
            "41 35 8:1 / /v rw - ext4 x rw",
            "42 41 8:1 / /v/a rw - ext4 x rw",
            "43 42 8:1 / /v/a/b rw - ext4 x rw",
            "44 35 8:1 / /volume rw - ext4 x rw"
        );
        Assert.Equal(["/v/a/b", "/v/a"], table.Below("/v").Select(static entry => entry.Target));
    }

    [Fact]
    public void A_path_is_held_by_the_mount_with_the_longest_target()
    {
        var table = Parse(
            "35 1 8:1 / / rw shared:1 - ext4 x rw",
            "41 35 8:2 / /var rw - ext4 x rw",
            "42 41 8:3 / /var/lib/k rw shared:7 - ext4 x rw"
        );
        Assert.Equal("/var/lib/k", table.FindHolding("/var/lib/k/pods/1")!.Target);
        Assert.Equal("/var", table.FindHolding("/var/lib/kubelet")!.Target);
        Assert.Equal("/", table.FindHolding("/variable")!.Target);
    }

    [Theory]
    [InlineData("nfs4", true)]
    [InlineData("cifs", true)]
    [InlineData("fuse.sshfs", true)]
    [InlineData("ext4", false)]
    public void What_may_wait_for_a_server_is_remote(string type, bool remote) =>
        Assert.Equal(remote, Assert.Single(Parse($"36 35 98:0 / /a rw - {type} x rw").Entries).IsRemote);

    [Fact]
    public void No_bytes_make_it_fail() =>
        Prop.ForAll<byte[]>(static bytes => MountTable.Parse(bytes).Entries.Count <= bytes.Length).QuickCheckThrowOnFailure();

    [Fact]
    public void No_cut_line_makes_it_fail()
    {
        var line = @"36 35 98:0 /mnt1 /mnt\0402 rw,noatime shared:1 - ext3 /dev/root rw,errors=continue"u8.ToArray();
        for (var length = 0; length < line.Length; length++)
            Assert.InRange(MountTable.Parse(line.AsSpan(0, length)).Entries.Count, 0, 1);
    }
}
