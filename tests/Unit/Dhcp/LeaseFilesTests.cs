using Plugboard.Dhcp.Daemon;

namespace Plugboard.Tests.Unit.Dhcp;

public sealed class LeaseFilesTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("plugboard-leases-").FullName;

    [Fact]
    public void What_a_killed_daemon_was_writing_is_gone_with_the_next_start()
    {
        File.WriteAllText($"{directory}/.lease-00", "half a lea");
        File.WriteAllText($"{directory}/lease-00", "a lease");
        var files = new LeaseFiles(directory);
        using (files.TryLock())
        {
            Assert.Equal([$"{directory}/lease-00"], Directory.GetFiles(directory));
            // Another daemon is at work.
            File.WriteAllText($"{directory}/.lease-01", "half a lea");
            Assert.Null(files.TryLock());
        }

        Assert.True(File.Exists($"{directory}/.lease-01"));
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
