using System.Diagnostics;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Tests.Unit.Linux.Files;

public sealed class PathWatchTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string directory = Directory.CreateTempSubdirectory("watch").FullName;
    private readonly AutoResetEvent told = new(initialState: false);

    private string PathOf(string name) => Path.Combine(directory, name);

    private PathWatch Watch(string name) => PathWatch.Start(PathOf(name), () => told.Set());

    // A late notification of the change before does no harm to the next one, which is awaited by its effect.
    private void IsTold(Action change)
    {
        told.Reset();
        change();
        Assert.True(told.WaitOne(Patience), "no notification came");
    }

    [Fact]
    public void A_file_that_comes_changes_is_moved_over_or_goes_is_reported()
    {
        using var watch = Watch("file");

        IsTold(() => File.WriteAllText(PathOf("file"), "a"));
        IsTold(() => File.AppendAllText(PathOf("file"), "b"));
        IsTold(() =>
        {
            File.WriteAllText(PathOf("other"), "c");
            File.Move(PathOf("other"), PathOf("file"), overwrite: true);
        });
        IsTold(() => File.Delete(PathOf("file")));
    }

    [Fact]
    public void The_exchange_of_a_config_maps_link_is_reported_each_time()
    {
        void Publish(string version)
        {
            Directory.CreateDirectory(PathOf(version));
            File.WriteAllText(PathOf($"{version}/file"), version);
            File.CreateSymbolicLink(PathOf("..data_tmp"), version);
            // .NET does not rename a link that leads to a directory.
            Assert.True(
                new Command("/bin/mv") { Arguments = ["-T", PathOf("..data_tmp"), PathOf("..data")] }
                    .Run()
                    .Succeeded
            );
        }

        Publish("..1");
        File.CreateSymbolicLink(PathOf("file"), "..data/file");
        using var watch = Watch("file");

        for (var version = 2; version < 6; version++)
        {
            IsTold(() => Publish($"..{version}"));
            Assert.Equal($"..{version}", File.ReadAllText(PathOf("file")));
        }

        // Written where the links lead now.
        told.WaitOne(TimeSpan.FromMilliseconds(100));
        IsTold(() => File.WriteAllText(PathOf("..5/file"), "x"));
    }

    [Fact]
    public void Directories_that_come_later_and_are_made_again_are_followed()
    {
        using var watch = Watch("a/b/file");

        for (var round = 0; round < 3; round++)
        {
            IsTold(() => Directory.CreateDirectory(PathOf("a/b")));
            IsTold(() => File.WriteAllText(PathOf("a/b/file"), "x"));
            IsTold(() => Directory.Delete(PathOf("a"), recursive: true));
        }
    }

    [Fact]
    public void Other_files_of_the_directory_are_not_reported()
    {
        using (Watch("file"))
        {
            File.WriteAllText(PathOf("neighbour"), "x");
            IsTold(() => File.WriteAllText(PathOf("file"), "x"));
        }

        told.Reset();
        using (Watch("file"))
            File.WriteAllText(PathOf("neighbour"), "y");
        Assert.False(told.WaitOne(0));
    }

    [Fact]
    public void Links_that_lead_in_a_circle_end()
    {
        File.CreateSymbolicLink(PathOf("a"), "b");
        File.CreateSymbolicLink(PathOf("b"), "a");
        using var watch = Watch("a");

        IsTold(() => File.Delete(PathOf("b")));
    }

    [Fact]
    public void A_file_that_is_written_in_place_is_reported_when_it_is_closed()
    {
        File.WriteAllText(PathOf("file"), "whole");
        using var watch = Watch("file");
        using (var file = new FileStream(PathOf("file"), FileMode.Truncate))
        {
            for (var part = 0; part < 5; part++)
            {
                var since = Stopwatch.GetTimestamp();
                file.WriteByte((byte)'a');
                file.Flush();
                var isTold = told.WaitOne(TimeSpan.FromMilliseconds(50));
                var isWriting = watch.IsBeingWritten;
                // On a busy machine this may have been a pause.
                Assert.True((isWriting && !isTold) || Stopwatch.GetElapsedTime(since) > TimeSpan.FromMilliseconds(400));
            }
        }

        Assert.True(told.WaitOne(Patience), "no notification came");
        Assert.False(watch.IsBeingWritten);
    }

    [Fact]
    public void A_file_that_stays_open_is_reported_after_a_pause()
    {
        File.WriteAllText(PathOf("file"), "whole");
        using var watch = Watch("file");
        using var file = new FileStream(PathOf("file"), FileMode.Truncate);
        file.WriteByte((byte)'a');
        file.Flush();

        Assert.True(told.WaitOne(Patience), "no notification came");
        Assert.False(watch.IsBeingWritten);
    }

    public void Dispose()
    {
        told.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
