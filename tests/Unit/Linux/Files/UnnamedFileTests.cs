using Plugboard.Linux.Files;

namespace Plugboard.Tests.Unit.Linux.Files;

public sealed class UnnamedFileTests : IDisposable
{
    private const uint Mode = 0x180;

    private readonly string path = Directory.CreateTempSubdirectory("plugboard-files-").FullName;

    public void Dispose() => Directory.Delete(path, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_name_is_given_once_and_nothing_else_is_left(bool named)
    {
        using var directory = FileDirectory.Find(path)!;
        File.WriteAllText(Path.Combine(path, "taken"), "old");
        using (var file = named ? UnnamedFile.OpenNamed(directory, Mode) : directory.CreateUnnamed("new"u8, Mode))
        {
            Assert.False(file.TryLink("taken"));
            Assert.True(file.TryLink("free"));
        }

        Assert.Equal("old", File.ReadAllText(Path.Combine(path, "taken")));
        Assert.Equal(named ? "" : "new", File.ReadAllText(Path.Combine(path, "free")));
        Assert.Equal(["free", "taken"], directory.ReadNames().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Without_a_name_nothing_is_left()
    {
        using var directory = FileDirectory.Find(path)!;
        directory.CreateUnnamed("x"u8, Mode).Dispose();
        directory.ProbeWritable();
        Assert.Empty(directory.ReadNames());
    }

    [Fact]
    public void A_thousand_names_are_read()
    {
        for (var i = 0; i < 1000; i++)
            File.WriteAllText(Path.Combine(path, $"name-{i}-{new string('x', i % 200)}"), "");
        using var directory = FileDirectory.Find(path)!;
        Assert.Equal(1000, directory.ReadNames().Distinct().Count());
    }

    [Theory]
    [InlineData(1_700_000_000_123_456_789)]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_time_of_modification_is_kept_to_the_nanosecond(long nanoseconds)
    {
        using var directory = FileDirectory.Find(path)!;
        directory.SetModified(nanoseconds);
        Assert.Equal(nanoseconds, directory.Status().ModifiedNanoseconds);
    }
}
