using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Sources.Static;
using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Coordinator.Sources;

public sealed class StaticSourceTests : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("plugboard-static-").FullName;
    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim changed = new(0);
    private readonly List<string> log = [];
    private readonly ClusterBoard board;
    private Task running = Task.CompletedTask;

    public StaticSourceTests() => board = new ClusterBoard(() => changed.Release());

    private string FilePath => Path.Combine(directory, "peers.yaml");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(10)));
        Directory.Delete(directory, recursive: true);
        stop.Dispose();
        changed.Dispose();
    }

    private void Start() => running = new StaticSource(new StaticOptions { Path = FilePath, NodeName = "a" }, new FastTime(), log.Add).RunAsync(board, stop.Token);

    private async Task Until(Func<ClusterSnapshot, bool> expected)
    {
        while (!expected(board.Current))
            Assert.True(await changed.WaitAsync(TimeSpan.FromSeconds(10)), $"the board stayed at {board.Current.Hindrance}, {string.Join(' ', board.Current.Nodes.Keys)}");
    }

    private static string Names(ClusterSnapshot snapshot) => string.Join(' ', snapshot.Nodes.Keys.Order());

    [Fact]
    public async Task A_file_that_changes_is_read_again()
    {
        await File.WriteAllTextAsync(FilePath, "nodes: [{name: a}, {name: b}]");
        Start();
        await Until(now => Names(now) == "a b" && now is { IsComplete: true, Hindrance: null });
        await File.WriteAllTextAsync(FilePath, "nodes: [{name: a}, {name: b}, {name: c}]");
        await Until(now => Names(now) == "a b c");
        await File.WriteAllTextAsync(FilePath + ".new", "nodes: [{name: a}, {name: b}, {name: d}]");
        File.Move(FilePath + ".new", FilePath, overwrite: true);
        await Until(now => Names(now) == "a b d");
        Assert.Empty(log);
    }

    [Fact]
    public async Task A_config_maps_links_are_followed()
    {
        foreach (var (version, names) in (ReadOnlySpan<(string, string)>)[("..1", "{name: a}"), ("..2", "{name: b}")])
        {
            Directory.CreateDirectory(Path.Combine(directory, version));
            File.WriteAllText(Path.Combine(directory, version, "peers.yaml"), $"nodes: [{names}]");
        }

        File.CreateSymbolicLink(Path.Combine(directory, "..data"), "..1");
        File.CreateSymbolicLink(FilePath, "..data/peers.yaml");
        Start();
        await Until(now => Names(now) == "a");
        File.CreateSymbolicLink(Path.Combine(directory, "..data_tmp"), "..2");
        // .NET moves no link that leads to a directory.
        Assert.True(new Command("/bin/mv") { Arguments = ["-T", Path.Combine(directory, "..data_tmp"), Path.Combine(directory, "..data")] }.Run().Succeeded);
        await Until(now => Names(now) == "b");
        Assert.Equal($"{FilePath}: no node is called a, as this one is", Assert.Single(log));
    }

    [Fact]
    public async Task An_invalid_or_missing_file_keeps_what_was_read_and_says_where_it_is_wrong()
    {
        Start();
        await Until(now => now.Hindrance == $"{FilePath}: there is no such file");
        Assert.False(board.Current.IsComplete);
        await File.WriteAllTextAsync(FilePath, "nodes: [{name: a}, {name: b}]\nnetwork: {Network: 10.1.0.0/16, Backend: {Type: host-gw}}");
        await Until(now => Names(now) == "a b" && now.Hindrance is null);
        await File.WriteAllTextAsync(FilePath, "nodes:\n- {name: a}\n- {name: b, podCIDRs: [x]}");
        await Until(now => now.Hindrance == $"{FilePath}, line 3: podCIDRs[0] \"x\" is no network: invalid CIDR address: x");
        Assert.Equal(("a b", "10.1.0.0/16", true), (Names(board.Current), board.Current.Network?.Network.ToString(), board.Current.IsComplete));
        File.Delete(FilePath);
        await Until(now => now.Hindrance == $"{FilePath}: there is no such file");
        Assert.Equal("a b", Names(board.Current));
        await File.WriteAllTextAsync(FilePath, "nodes: [{name: a}]");
        await Until(now => Names(now) == "a" && now.Hindrance is null);
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_refused_unread()
    {
        await using (var file = File.Create(FilePath))
            file.SetLength(StaticSource.MostBytes + 1);
        Start();
        await Until(now => now.Hindrance == $"{FilePath}: it has 16777217 bytes, more than 16777216");
    }

    [Fact]
    public async Task A_directory_in_its_place_is_refused()
    {
        Directory.CreateDirectory(FilePath);
        Start();
        await Until(now => now.Hindrance == $"{FilePath}: it is no regular file");
    }
}
