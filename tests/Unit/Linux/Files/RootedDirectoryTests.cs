using Plugboard.Linux;
using Plugboard.Linux.Files;
using static Tmds.Linux.LibC;

namespace Plugboard.Tests.Unit.Linux.Files;

/// <summary>openat2's way and the one before Linux 5.6 lead to the same places.</summary>
public sealed class RootedDirectoryTests : IDisposable
{
    private readonly string place = Directory.CreateTempSubdirectory("plugboard-rooted-").FullName;

    public RootedDirectoryTests()
    {
        Directory.CreateDirectory($"{place}/root/usr/lib/cni");
        Directory.CreateDirectory($"{place}/root/opt/cni");
        Directory.CreateDirectory($"{place}/outside");
        File.WriteAllText($"{place}/root/file", "");
        foreach (
            var (name, target) in (ReadOnlySpan<(string, string)>)
                [
                    ("absolute", "/usr/lib/cni"),
                    ("relative", "usr/lib/cni"),
                    ("deep", "opt/cni/link"),
                    ("opt/cni/link", "../../usr/lib/cni"),
                    ("above", "../../../../../../usr/lib"),
                    ("loop", "loop"),
                    ("outside", place + "/outside"),
                    ("gone", "/usr/gone"),
                ]
        )
            File.CreateSymbolicLink($"{place}/root/{name}", target);
    }

    public void Dispose() => Directory.Delete(place, recursive: true);

    [Theory]
    [InlineData("/usr/lib/cni", "usr/lib/cni")]
    [InlineData("usr/lib/./cni/", "usr/lib/cni")]
    [InlineData("absolute", "usr/lib/cni")]
    [InlineData("relative", "usr/lib/cni")]
    [InlineData("deep", "usr/lib/cni")]
    [InlineData("above", "usr/lib")]
    [InlineData("above/cni", "usr/lib/cni")]
    [InlineData("../../../usr", "usr")]
    [InlineData("absolute/..", "usr/lib")]
    [InlineData("/", "")]
    public void A_path_leads_where_it_leads_on_that_host(string path, string expected)
    {
        using var root = RootedDirectory.Open($"{place}/root");
        var status = FileDescriptor.FindStatus($"{place}/root/{expected}")!.Value;
        using var opened = root.TryOpen(path, out var errno);
        Assert.Equal(Errno.None, errno);
        Assert.True(opened!.Status().IsSameFile(status));
        using var walked = root.Walk(path, O_RDONLY | O_DIRECTORY, out errno);
        Assert.Equal(Errno.None, errno);
        Assert.True(walked!.Status().IsSameFile(status));
        Assert.Equal(opened.Path, walked.Path);
    }

    [Theory]
    [InlineData("outside", Errno.ENOENT)]
    [InlineData("gone", Errno.ENOENT)]
    [InlineData("nothing/..", Errno.ENOENT)]
    [InlineData("loop", Errno.ELOOP)]
    [InlineData("file", Errno.ENOTDIR)]
    [InlineData("file/x", Errno.ENOTDIR)]
    public void What_that_host_has_not_is_refused(string path, Errno expected)
    {
        using var root = RootedDirectory.Open($"{place}/root");
        Assert.Null(root.TryOpen(path, out var errno));
        Assert.Equal(expected, errno);
        Assert.Null(root.Walk(path, O_RDONLY | O_DIRECTORY, out errno));
        Assert.Equal(expected, errno);
    }
}
