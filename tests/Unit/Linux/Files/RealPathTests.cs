using Plugboard.Linux.Files;

namespace Plugboard.Tests.Unit.Linux.Files;

public sealed class RealPathTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("real").FullName;

    public RealPathTests()
    {
        Directory.CreateDirectory($"{root}/disk/pods");
        File.CreateSymbolicLink($"{root}/link", "disk");
        File.CreateSymbolicLink($"{root}/far", "/disk");
        File.CreateSymbolicLink($"{root}/disk/pods/loop", "loop");
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("/disk/pods", "/disk/pods")]
    [InlineData("/link/pods", "/disk/pods")]
    [InlineData("/link", "/disk")]
    [InlineData("/link/pods/u/volumes", "/disk/pods/u/volumes")]
    [InlineData("/link/pods/loop/x", "/link/pods/loop/x")]
    [InlineData("/link/../x", "/link/../x")]
    public void Links_are_followed_and_names_that_are_missing_are_kept(string path, string real) =>
        Assert.Equal(root + real, RealPath.Of(root + path));

    [Fact]
    public void Links_lead_from_the_root_that_is_given() => Assert.Equal($"{root}/disk/pods", RealPath.Of($"{root}/far/pods", root));

    [Theory]
    [InlineData("/link/pods", "/disk/pods")]
    [InlineData("/link/pods/", "/disk/pods/")]
    [InlineData("/disk/pods/loop", "/disk/pods/loop")]
    [InlineData("/link", "/link")]
    public void The_last_name_is_not_looked_at(string path, string real) => Assert.Equal(root + real, RealPath.OfParent(root + path));

    [Theory]
    [InlineData("relative/path")]
    [InlineData("/")]
    [InlineData("")]
    public void What_has_no_parent_stays(string path) => Assert.Equal(path, RealPath.OfParent(path));
}
