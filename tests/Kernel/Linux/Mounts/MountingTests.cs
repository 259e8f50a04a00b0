using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Linux.Mounts;

public sealed class MountingTests : MountTestBase
{
    private const MountAttributes Careful = MountAttributes.NoSuid | MountAttributes.NoDev;

    private static FilesystemMount Tmpfs(params MountParameter[] parameters) =>
        new("tmpfs")
        {
            Source = "ours",
            Parameters = parameters,
            Attributes = Careful,
        };

    [KernelTheory]
    [InlineData(MountApi.ByDescriptor)]
    [InlineData(MountApi.Classic)]
    public void A_filesystem_is_mounted_with_parameters_and_attributes(MountApi api)
    {
        var target = Make("a b");
        Mount(Tmpfs(new("size", "64k"), new("mode", "0700")), target, api);
        var top = Top(target)!;
        Assert.Equal(("tmpfs", "ours", Careful), (top.Type, top.Source, top.Attributes));
        Assert.Contains("size=64k", top.SuperOptions, StringComparison.Ordinal);
        Assert.Contains("mode=700", top.SuperOptions, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData(MountApi.ByDescriptor)]
    [InlineData(MountApi.Classic)]
    public void A_bind_mount_is_read_only_and_what_it_shows_is_not(MountApi api)
    {
        var (source, target) = (Make("source"), Make("target"));
        Bind(source, target, Careful | MountAttributes.ReadOnly, api);
        Assert.Equal("ro,nosuid,nodev,relatime", FindMnt(target, "VFS-OPTIONS"));
        Assert.ThrowsAny<IOException>(() => Inside(() => File.WriteAllText($"{target}/x", "")));
        Inside(() => File.WriteAllText($"{source}/y", "seen"));
        Assert.Equal("seen", Inside(() => File.ReadAllText($"{target}/y")));
    }

    [KernelTheory]
    [InlineData("bogus", "1", "Unknown parameter 'bogus'")]
    [InlineData("size", "many", "Bad value for 'size'")]
    public void The_filesystems_own_words_are_in_the_failure(string key, string value, string words)
    {
        var failure = Assert.Throws<MountException>(() => Mount(Tmpfs(new MountParameter(key, value)), Make("t")));
        Assert.Equal(Errno.EINVAL, failure.Errno);
        Assert.Equal($"tmpfs: {words}", failure.KernelText);
        Assert.DoesNotContain(value, new MountParameter(key, value).ToString(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_filesystem_that_the_kernel_has_not_got_is_ENODEV() =>
        Assert.Equal(Errno.ENODEV, Assert.ThrowsAny<ErrnoException>(() => Mount(new FilesystemMount("nosuchfs"), Make("t"))).Errno);

    [KernelFact]
    public void A_mount_without_a_place_is_gone_with_its_descriptor()
    {
        var before = Inside(() => MountTable.Read().Entries.Count);
        Inside(() =>
        {
            using var made = DetachedMount.Create(Tmpfs());
            Assert.Equal(before, MountTable.Read().Entries.Count);
        });
        Assert.Equal(before, Inside(() => MountTable.Read().Entries.Count));
    }

    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_a_filesystem_without_a_place_one_directory_is_mounted_alone(bool throughPlace)
    {
        var target = Make("t");
        var before = Inside(() => MountTable.Read().Entries.Count);
        Inside(() =>
        {
            using var whole = DetachedMount.Create(Tmpfs());
            using var inside = ConfinedDirectory.Of(whole.Root.ReopenPlace()).EnsureDirectory("a/b", 0x1ff);
            using var part = throughPlace ? whole.PartOfPlaced(inside) : whole.Part(inside);
            Assert.Equal(before, MountTable.Read().Entries.Count);
            using var place = FileDescriptor.OpenPath(target);
            part.MoveTo(place);
        });
        Assert.Equal(before + 1, Inside(() => MountTable.Read().Entries.Count));
        var top = Top(target)!;
        Assert.Equal(("/a/b", "ours", Careful), (top.Root, top.Source, top.Attributes));
        Inside(() => File.WriteAllText($"{target}/file", ""));
        Assert.False(Inside(() => Directory.Exists($"{target}/../a")));
    }

    [KernelTheory]
    [InlineData(MountApi.ByDescriptor)]
    [InlineData(MountApi.Classic)]
    public void A_mounted_tmpfs_is_made_larger(MountApi api)
    {
        var target = Make("t");
        Mount(Tmpfs(new MountParameter("size", "64k")), target);
        Inside(() => new Mounting(api).Reconfigure(target, [new MountParameter("size", "128k")], Careful));
        Assert.Equal(
            128 * 1024,
            Inside(() =>
            {
                using var top = FileDescriptor.OpenDirectory(target);
                return top.Space().Bytes;
            })
        );
        Assert.Equal(Careful, Top(target)!.Attributes);
    }

    [KernelTheory]
    [InlineData(MountApi.ByDescriptor)]
    [InlineData(MountApi.Classic)]
    public void Attributes_are_added_to_a_mount_that_is_there(MountApi api)
    {
        var target = Make("t");
        Bind(Make("s"), target, MountAttributes.NoSuid);
        Inside(() => new Mounting(api).SetAttributes(target, MountAttributes.ReadOnly, MountAttributes.NoSuid));
        Assert.Equal(MountAttributes.NoSuid | MountAttributes.ReadOnly, Top(target)!.Attributes);
    }

    [KernelFact]
    public void Every_layer_and_what_is_below_is_peeled()
    {
        var target = Make("t");
        for (var i = 0; i < 5; i++)
            Mount(Tmpfs(), target);
        Inside(() => Directory.CreateDirectory($"{target}/a/b"));
        Mount(Tmpfs(), $"{target}/a");
        Inside(() => Directory.CreateDirectory($"{target}/a/c"));
        Mount(Tmpfs(), $"{target}/a/c");
        Assert.Equal(7, Peel(target));
        Assert.Null(Top(target));
        Assert.Equal(0, Inside(() => Unmounting.PeelAll(target)));
        Assert.Equal(0, Inside(() => Unmounting.PeelAll($"{Place}/nothing")));
    }

    [KernelFact]
    public void A_busy_mount_is_not_taken_away_and_its_holders_are_named()
    {
        var target = Make("t");
        Mount(Tmpfs(), target);
        Inside(() => File.WriteAllText($"{target}/log", ""));
        using var held = Inside(() => File.OpenRead($"{target}/log"));
        var failure = Assert.Throws<ErrnoException>(() => Inside(() => Unmounting.PeelAll(target)));
        Assert.Equal((Errno.EBUSY, target), (failure.Errno, failure.Subject));
        var holder = Inside(() => Holder(target));
        Assert.Contains("works in " + target, holder, StringComparison.Ordinal);
    }

    private static string Holder(string target)
    {
#pragma warning disable RS0030 // A holder must be another process.
        var start = new System.Diagnostics.ProcessStartInfo("sleep", ["30"]) { WorkingDirectory = target };
        using var sleeper = System.Diagnostics.Process.Start(start)!;
        try
        {
            return string.Join('\n', MountHolders.Find(target, 3));
        }
        finally
        {
            sleeper.Kill();
            sleeper.WaitForExit();
        }
#pragma warning restore RS0030
    }
}
