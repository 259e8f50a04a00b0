using System.Text;
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
    private readonly NodeStore store;
    private Task running = Task.CompletedTask;

    public StaticSourceTests() => store = new NodeStore(() => changed.Release());

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

    private void Start() =>
        running = new StaticSource(new StaticOptions { Path = FilePath, NodeName = "a" }, new FastTime(), log.Add).RunAsync(
            store,
            stop.Token
        );

    private async Task Until(Func<ClusterSnapshot, bool> expected)
    {
        while (!expected(store.Current))
            Assert.True(
                await changed.WaitAsync(TimeSpan.FromSeconds(10)),
                $"the store stayed at {store.Current.SourceError}, {string.Join(' ', store.Current.Nodes.Keys)}"
            );
    }

    private static string Names(ClusterSnapshot snapshot) => string.Join(' ', snapshot.Nodes.Keys.Order());

    [Fact]
    public async Task A_file_that_changes_is_read_again()
    {
        await File.WriteAllTextAsync(FilePath, "nodes: [{name: a, podCIDRs: [], addresses: []}, {name: b, podCIDRs: [], addresses: []}]");
        Start();
        await Until(now => Names(now) == "a b" && now is { IsComplete: true, SourceError: null });
        await File.WriteAllTextAsync(
            FilePath,
            "nodes: [{name: a, podCIDRs: [], addresses: []}, {name: b, podCIDRs: [], addresses: []}, {name: c, podCIDRs: [], "
                + "addresses: []}]"
        );
        await Until(now => Names(now) == "a b c");
        await File.WriteAllTextAsync(
            FilePath + ".new",
            "nodes: [{name: a, podCIDRs: [], addresses: []}, {name: b, podCIDRs: [], addresses: []}, {name: d, podCIDRs: [], "
                + "addresses: []}]"
        );
        File.Move(FilePath + ".new", FilePath, overwrite: true);
        await Until(now => Names(now) == "a b d");
        Assert.Empty(log);
    }

    [Fact]
    public async Task A_config_maps_links_are_followed()
    {
        foreach (
            var (version, names) in (ReadOnlySpan<(string, string)>)
                [("..1", "{name: a, podCIDRs: [], addresses: []}"), ("..2", "{name: b, podCIDRs: [], addresses: []}")]
        )
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
        Assert.True(
            new Command("/bin/mv") { Arguments = ["-T", Path.Combine(directory, "..data_tmp"), Path.Combine(directory, "..data")] }
                .Run()
                .Succeeded
        );
        await Until(now => Names(now) == "b");
        Assert.Equal($"{FilePath}: it has no node a, this node's name", Assert.Single(log));
    }

    [Fact]
    public async Task An_invalid_or_missing_file_keeps_what_was_read_and_says_where_it_is_wrong()
    {
        Start();
        await Until(now => now.SourceError == $"{FilePath}: no such file");
        Assert.False(store.Current.IsComplete);
        await File.WriteAllTextAsync(
            FilePath,
            "nodes: [{name: a, podCIDRs: [], addresses: []}, {name: b, podCIDRs: [], addresses: []}]\nnetwork: {Network: "
                + "10.1.0.0/16, Backend: {Type: host-gw}}"
        );
        await Until(now => Names(now) == "a b" && now.SourceError is null);
        await File.WriteAllTextAsync(
            FilePath,
            "nodes:\n- {name: a, podCIDRs: [], addresses: []}\n- {name: b, podCIDRs: [x], addresses: []}"
        );
        await Until(now => now.SourceError == $"{FilePath}, line 3: podCIDRs[0] \"x\" is not a network: invalid CIDR address: x");
        Assert.Equal(
            ("a b", "10.1.0.0/16", true),
            (Names(store.Current), store.Current.Network?.Network.ToString(), store.Current.IsComplete)
        );
        File.Delete(FilePath);
        await Until(now => now.SourceError == $"{FilePath}: no such file");
        Assert.Equal("a b", Names(store.Current));
        await File.WriteAllTextAsync(FilePath, "nodes: [{name: a, podCIDRs: [], addresses: []}]");
        await Until(now => Names(now) == "a" && now.SourceError is null);
    }

    [Theory]
    [InlineData(
        "nodes:\n- {name: a, podCDIRs: [10.1.0.0/24], addresses: [192.168.0.1]}\n- {name: b, podCIDRs: [10.1.1.0/24], addresses: "
            + "[192.168.0.2]}\n",
        "line 2: unknown key \"podCDIRs\" (did you mean \"podCIDRs\"?)"
    )]
    [InlineData(
        "nodes:\n- {name: a, podCIDRs: [10.1.0.0/24], addresses: [192.168.0.1]}\n- {name: b, addresses: [192.168.0.2]}\n",
        "line 3: node \"b\" has no podCIDRs"
    )]
    [InlineData(
        "nodes:\n- {name: a2, podCIDRs: [10.1.0.0/24], addresses: [192.168.0.1]}\n- {name: b, podCIDRs: [10.1.1.0/24], addresses: "
            + "[192.168.0.2]}\n",
        "line 2: node \"a2\" has the data of node \"a\""
    )]
    [InlineData(
        "nodes:\n- {name: a, podCIDRs: [10.1.0.0/24], addresses: [192.168.0.1]}\n- {name: b, podCIDRs: [10.1.1.0/24], addre",
        "peers.yaml, line "
    )]
    [InlineData("nodes:\n\t- {name: a}", "line 2: While scanning a mapping, found invalid tab as indentation")]
    [InlineData("nodes:\n- name: a\n  podCIDRs:\n\t- 10.1.0.0/24\n", "line 4: While scanning a mapping, found invalid tab as indentation")]
    [InlineData("", "line 1: must be an object, not null")]
    [InlineData("nodes:\n", "line 1: the list \"nodes\" is missing")]
    [InlineData("x: [\nx", "line 2")]
    public async Task A_typing_error_takes_nothing_away(string broken, string why)
    {
        await File.WriteAllTextAsync(
            FilePath,
            "nodes:\n- {name: a, podCIDRs: [10.1.0.0/24], addresses: [192.168.0.1]}\n- {name: b, podCIDRs: [10.1.1.0/24], addresses: "
                + "[192.168.0.2]}\n"
        );
        Start();
        await Until(now => Names(now) == "a b");
        var nodes = store.Current.Nodes;

        await File.WriteAllTextAsync(FilePath, broken);

        await Until(now => now.SourceError?.Contains(why, StringComparison.Ordinal) == true);
        Assert.Same(nodes, store.Current.Nodes);
        Assert.True(store.Current.IsComplete);
    }

    [Fact]
    public async Task A_family_that_vanishes_from_a_node_stays_and_an_empty_list_removes_it()
    {
        await File.WriteAllTextAsync(
            FilePath,
            "nodes: [{name: b, podCIDRs: [10.1.1.0/24, \"fd00:1::/64\"], addresses: [192.168.0.2, \"fd00::2\"]}]"
        );
        Start();
        await Until(now => Names(now) == "b");

        await File.WriteAllTextAsync(FilePath, "nodes: [{name: b, podCIDRs: [10.1.2.0/24], addresses: [\"fd00::3\"]}]");
        await Until(now => now.Nodes["b"].PodCidrs.ToString() == "10.1.2.0/24, fd00:1::/64");
        Assert.Equal("fd00::3, 192.168.0.2", store.Current.Nodes["b"].Addresses.ToString());
        Assert.Equal(
            [
                "node b: its address 192.168.0.2 is no longer in the source and stays in force until a restart",
                "node b: its pod network fd00:1::/64 is no longer in the source and stays in force until a restart",
            ],
            store.Current.Nodes["b"].Notes.Order()
        );

        await File.WriteAllTextAsync(FilePath, "nodes: [{name: b, podCIDRs: [], addresses: []}]");
        await Until(now => now.Nodes["b"] is { PodCidrs.Count: 0, Addresses.Count: 0, Notes.Count: 0 });
    }

    [Fact]
    public async Task A_file_that_is_half_written_for_a_moment_removes_no_node()
    {
        const string Whole =
            "nodes:\n- {name: a, podCIDRs: [], addresses: [192.168.0.1]}\n- {name: b, podCIDRs: [], addresses: [192.168.0.2]}\n";
        await File.WriteAllTextAsync(FilePath, Whole);
        Start();
        await Until(now => Names(now) == "a b");
        var versions = new List<string>();

        for (var i = 0; i < 20; i++)
        {
            await using var file = new FileStream(FilePath, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite);
            await file.WriteAsync(Encoding.UTF8.GetBytes(Whole[..Whole.IndexOf("- {name: b", StringComparison.Ordinal)]));
            await file.FlushAsync();
            versions.Add(Names(store.Current));
            await file.WriteAsync(Encoding.UTF8.GetBytes(Whole[Whole.IndexOf("- {name: b", StringComparison.Ordinal)..]));
        }

        await File.WriteAllTextAsync(FilePath, $"{Whole}- {{name: c, podCIDRs: [], addresses: []}}\n");
        await Until(now => Names(now) == "a b c");
        Assert.All(versions, static names => Assert.Equal("a b", names));
    }

    [Fact]
    public async Task A_peer_whose_name_is_mistyped_is_named_with_the_one_that_it_was()
    {
        await File.WriteAllTextAsync(FilePath, "nodes: [{name: web1, podCIDRs: [10.1.1.0/24], addresses: [192.168.0.2]}]");
        Start();
        await Until(now => Names(now) == "web1");

        await File.WriteAllTextAsync(FilePath, "nodes: [{name: wbe1, podCIDRs: [10.1.1.0/24], addresses: [192.168.0.2]}]");

        await Until(now => Names(now) == "wbe1");
        Assert.Contains(
            log,
            static line =>
                line.EndsWith(
                    "node web1 is gone, and wbe1 has its address; its tunnel's hardware address is made from the new name unless "
                        + "vtepMAC sets another",
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_refused_unread()
    {
        await using (var file = File.Create(FilePath))
            file.SetLength(StaticSource.MostBytes + 1);
        Start();
        await Until(now => now.SourceError == $"{FilePath}: it has 16777217 bytes, more than 16777216");
    }

    [Fact]
    public async Task A_directory_in_its_place_is_refused()
    {
        Directory.CreateDirectory(FilePath);
        Start();
        await Until(now => now.SourceError == $"open {FilePath}: a directory, not a regular file: remove it or correct the path");
    }
}
