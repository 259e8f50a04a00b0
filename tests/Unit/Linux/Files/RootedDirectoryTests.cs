using System.Text;
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
    [InlineData("usr/file", "what the host's file says")]
    [InlineData("usr/absolute-file", "what the host's file says")]
    [InlineData("absolute/../../file", "what the host's file says")]
    [InlineData("gone", null)]
    [InlineData("outside/file", null)]
    public void A_file_is_read_where_it_is_on_that_host(string path, string? expected)
    {
        File.WriteAllText($"{place}/root/usr/file", "what the host's file says");
        File.WriteAllText($"{place}/outside/file", "what another file says");
        File.CreateSymbolicLink($"{place}/root/usr/absolute-file", "/usr/file");
        using var root = RootedDirectory.Open($"{place}/root");
        using var file = root.FindForReading(path);
        Assert.Equal(expected, file is null ? null : Encoding.UTF8.GetString(file.ReadToEnd()));
        Assert.Equal(expected is not null, root.FindStatus(path) is { IsRegular: true });
        using var walked = root.Walk(path, O_PATH, out _);
        Assert.Equal(root.FindStatus(path)?.Size, walked?.Status().Size);
    }

    [Fact]
    public void What_is_no_regular_file_is_not_read()
    {
        using var root = RootedDirectory.Open($"{place}/root");
        Assert.Throws<UnusableFileException>(() => root.FindForReading("absolute"));
        Assert.True(root.FindStatus("absolute") is { IsDirectory: true });
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
