using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Testing;

namespace Plugboard.Tests.Unit.Linux.Files;

/// <summary>Foreign files, and what else may be in their place.</summary>
public sealed class PlacedFileTests : IDisposable
{
    private const uint Mode = 0x180;

    private readonly string path = Directory.CreateTempSubdirectory("plugboard-placed-").FullName;

    public void Dispose() => Directory.Delete(path, recursive: true);

    public static TheoryData<string> Kinds => [.. PlacedFile.Kinds];

    private string In(string name) => Path.Combine(path, name);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_no_regular_file_is_refused_at_once_with_path_kind_and_advice(string kind)
    {
        PlacedFile.Place(kind, In("file"));
        var refused = Assert.Throws<UnusableFileException>(() => PlacedFile.Promptly(() => FileDescriptor.FindForReading(In("file"))));
        Assert.Equal($"open {In("file")}: {kind}, not a regular file: remove it or correct the path", refused.Message);
        using var directory = FileDirectory.Find(path)!;
        refused = Assert.Throws<UnusableFileException>(() => PlacedFile.Promptly(() => directory.FindForReading("file")));
        Assert.Contains(kind, refused.Message, StringComparison.Ordinal);
        Assert.Null(directory.FindRegular("file"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Nothing_is_written_into_what_is_no_regular_file(string kind)
    {
        PlacedFile.Place(kind, In("file"));
        using var directory = FileDirectory.Find(path)!;
        foreach (
            var open in (Action[])
                [
                    () => directory.Overwrite("file", "x"u8, Mode),
                    () => FileDescriptor.FindForAppending(In("file")),
                    () => FileDescriptor.FindForChange(In("file")),
                ]
        )
        {
            var refused = Assert.ThrowsAny<ErrnoException>(() => PlacedFile.Promptly(open));
            Assert.Contains(In("file"), refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("a named pipe")]
    [InlineData("a socket")]
    [InlineData("a character device")]
    public void A_file_is_replaced_whatever_has_its_temporary_name_or_its_own(string kind)
    {
        PlacedFile.Place(kind, In("file"));
        PlacedFile.Place(kind, In(".file"));
        using var directory = FileDirectory.Find(path)!;
        PlacedFile.Promptly(() => directory.Replace("file", "new"u8, Mode));
        Assert.Equal("new", File.ReadAllText(In("file")));
        Assert.Equal(["file"], directory.ReadNames());
    }

    [Fact]
    public void A_named_pipe_in_a_lock_s_place_is_not_waited_for_and_locks()
    {
        PlacedFile.Place("a named pipe", In("lock"));
        using var directory = FileDirectory.Find(path)!;
        PlacedFile.Promptly(() =>
        {
            using var held = FileLock.Take(directory.OpenOrCreate("lock", Mode), TimeSpan.FromSeconds(1));
            using var second = directory.OpenOrCreate("lock", Mode);
            Assert.Null(FileLock.TryTake(second));
        });
    }

    [Fact]
    public void A_link_to_a_file_is_followed_and_one_that_leads_nowhere_is_a_missing_file()
    {
        File.WriteAllText(In("file"), "content");
        File.CreateSymbolicLink(In("link"), "file");
        File.CreateSymbolicLink(In("dangling"), "nowhere");
        using (var file = FileDescriptor.OpenForReading(In("link")))
            Assert.Equal("content"u8, file.ReadToEnd());
        Assert.Null(FileDescriptor.FindForReading(In("dangling")));
        Assert.Equal(Errno.ENOENT, Assert.Throws<ErrnoException>(() => FileDescriptor.OpenForReading(In("dangling"))).Errno);
    }

    [Fact]
    public void A_file_that_is_too_large_is_refused_before_it_is_in_memory()
    {
        using (var sparse = File.Create(In("file")))
            sparse.SetLength(1L << 40);
        using var file = FileDescriptor.OpenForReading(In("file"));
        var refused = Assert.Throws<UnusableFileException>(() => file.ReadToEnd(1 << 20));
        Assert.Equal($"read {In("file")}: larger than 1024 KiB, which is the limit: remove it or correct the path", refused.Message);
    }
}
