using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Tests.Kernel.Linux;

public sealed class ConfinedDirectoryTests : IDisposable
{
    private readonly string place = Directory.CreateTempSubdirectory("plugboard-confined-").FullName;

    public ConfinedDirectoryTests()
    {
        Directory.CreateDirectory($"{place}/root/a/b");
        Directory.CreateDirectory($"{place}/outside/b");
        File.WriteAllText($"{place}/root/a/file", "");
        Directory.CreateSymbolicLink($"{place}/root/out", "../outside");
        Directory.CreateSymbolicLink($"{place}/root/in", "a");
    }

    private ConfinedDirectory Root() => ConfinedDirectory.Open($"{place}/root");

    [Fact]
    public void What_is_inside_is_found()
    {
        using var root = Root();
        using var found = root.FindDirectory("a/b");
        Assert.True(found!.Status().IsSameFile(FileDescriptor.FindStatus($"{place}/root/a/b")!.Value));
        Assert.Null(root.FindDirectory("a/c"));
        using var itself = root.FindDirectory("");
        Assert.NotNull(itself);
    }

    [Theory]
    [InlineData("../outside", Errno.EXDEV)]
    [InlineData("a/../../outside", Errno.EXDEV)]
    [InlineData("out", Errno.ELOOP)]
    [InlineData("out/b", Errno.ELOOP)]
    [InlineData("in/b", Errno.ELOOP)]
    [InlineData("a/file", Errno.ENOTDIR)]
    [InlineData("/etc", Errno.EXDEV)]
    public void What_leads_out_and_every_link_is_refused(string path, Errno errno)
    {
        using var root = Root();
        Assert.Equal(errno, Assert.Throws<ErrnoException>(() => root.FindDirectory(path)).Errno);
    }

    [Theory]
    [InlineData("out/new", Errno.ELOOP)]
    [InlineData("../new", Errno.EXDEV)]
    [InlineData("a/file/new", Errno.ENOTDIR)]
    public void Nothing_is_made_outside(string path, Errno errno)
    {
        using var root = Root();
        var failure = Assert.Throws<ErrnoException>(() => root.EnsureDirectory(path, 0x1c0));
        // A link and a file are no directories; which of the two words the kernel takes depends on the call.
        Assert.Contains(failure.Errno, (Errno[])[errno, Errno.ENOTDIR]);
        Assert.False(Directory.Exists($"{place}/outside/new"));
        Assert.False(Directory.Exists($"{place}/new"));
    }

    [Fact]
    public void What_is_missing_is_made_with_a_mode_and_reported()
    {
        using var root = Root();
        var made = 0;
        using var place1 = root.EnsureDirectory("a/x/y", 0x1c0, _ => made++);
        Assert.Equal(2, made);
        place1.SetDirectoryMode(0x1f8);
#pragma warning disable CA1416 // Linux only.
        Assert.Equal(0x1f8, (int)File.GetUnixFileMode($"{place}/root/a/x/y"));
#pragma warning restore CA1416
        using var again = root.EnsureDirectory("a/x/y", 0x1c0, _ => made++);
        Assert.Equal(2, made);
    }

    [Fact]
    public void A_thread_that_swaps_a_directory_for_a_link_leads_it_nowhere()
    {
        using var root = Root();
        var outside = FileDescriptor.FindStatus($"{place}/outside/b")!.Value;
        var seen = (Inside: 0, Refused: 0);
        using var stop = new CancellationTokenSource();
        var swapper = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                const uint Exchange = 2;
                _ = Plugboard.Linux.LibC.File.RenameAt2(-100, $"{place}/root/a", -100, $"{place}/root/out", Exchange);
            }
        });
        swapper.Start();
        try
        {
            for (var i = 0; i < 20_000; i++)
            {
                try
                {
                    using var found = i % 2 == 0 ? root.FindDirectory("a/b") : root.EnsureDirectory("a/b", 0x1c0);
                    Assert.False(found?.Status().IsSameFile(outside) ?? false);
                    seen.Inside++;
                }
                catch (ErrnoException e) when (e.Errno is Errno.ELOOP or Errno.ENOTDIR or Errno.ENOENT or Errno.EEXIST)
                {
                    seen.Refused++;
                }
            }
        }
        finally
        {
            stop.Cancel();
            swapper.Join();
        }

        Assert.True(seen.Inside > 100, $"{seen}");
        Assert.Equal(["b"], Directory.GetFileSystemEntries($"{place}/outside").Select(Path.GetFileName));
    }

    public void Dispose() => Directory.Delete(place, recursive: true);
}
