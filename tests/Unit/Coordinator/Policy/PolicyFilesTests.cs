using System.Diagnostics;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Testing;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>The files in force: the last valid content of each, and one with fewer objects only if it stays so.</summary>
public sealed class PolicyFilesTests : IDisposable
{
    private const string One = "kind: NetworkPolicy\nmetadata: {name: one}\nspec: {podSelector: {}}\n";
    private const string Two = One + "---\nkind: NetworkPolicy\nmetadata: {name: two}\nspec: {podSelector: {}}\n";
    private const string Pods = "kind: Namespace\nmetadata: {name: default}\n";

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("policy");
    private readonly ManualTime time = new();
    private readonly PolicyFiles files;

    public PolicyFilesTests() => files = new PolicyFiles(directory.FullName, time);

    private void Write(string name, string text)
    {
        var path = Path.Combine(directory.FullName, name);
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
        files.Refresh();
    }

    [Fact]
    public void Nothing_is_in_force_before_both_files_were_valid()
    {
        Write("policies.yaml", One);
        Assert.Null(files.Current);
        Assert.Contains("pods.yaml: no such file", files.Problem, StringComparison.Ordinal);
        Write("pods.yaml", Pods);
        Assert.Null(files.Problem);
        Assert.Single(files.Current!.Policies);
        Assert.Single(files.Current!.Namespaces);
    }

    [Fact]
    public void An_invalid_or_missing_file_leaves_the_last_valid_content_in_force()
    {
        Write("pods.yaml", Pods);
        Write("policies.yaml", One);
        var before = files.Current;

        Write("policies.yaml", "spec: {*");
        Assert.Same(before, files.Current);
        Assert.Contains("the last valid content stays in force", Assert.Single(files.Warnings), StringComparison.Ordinal);
        File.Delete(Path.Combine(directory.FullName, "policies.yaml"));
        files.Refresh();
        Assert.Same(before, files.Current);
        Write("policies.yaml", One);
        Assert.Empty(files.Warnings);
    }

    [Fact]
    public void Cluster_policies_are_in_the_file_of_policies_and_a_typing_error_leaves_the_last_valid_content_in_force()
    {
        using var both = new PolicyFiles(directory.FullName, time, readsCluster: true);
        var cluster = PolicyCluster.ClusterText("tier: Admin\npriority: 1\nsubject: {namespaces: {}}\ningress: []");
        Write("pods.yaml", Pods);
        Write("policies.yaml", One + "---\n" + cluster);
        Assert.Contains("--policy-cluster", files.Problem, StringComparison.Ordinal);
        both.Refresh();
        Assert.Single(both.Current!.Policies);
        Assert.Equal("c", Assert.Single(both.Current.ClusterPolicies).Key);
        Assert.Single(both.Take().ClusterPolicies);

        Write("policies.yaml", One + "---\n" + cluster.Replace("Admin", "Adnim", StringComparison.Ordinal));
        both.Refresh();
        Assert.Contains(
            "\"Adnim\" is not Admin or Baseline (did you mean \"Admin\"?); the last valid content stays in force",
            Assert.Single(both.Warnings),
            StringComparison.Ordinal
        );
        Assert.True(both.Take().IsEmpty);

        // One that goes is in force until it stays so.
        Write("policies.yaml", One);
        both.Refresh();
        Assert.True(both.IsWaiting);
        time.Pass(PolicyFile<PolicyObjects>.Settling);
        both.Refresh();
        Assert.Null(Assert.Single(both.Take().ClusterPolicies).Value);
    }

    [Fact]
    public void Nodes_are_in_the_file_of_pods_and_of_their_addresses_only_those_of_IP_count()
    {
        using var both = new PolicyFiles(directory.FullName, time, readsCluster: true);
        const string node =
            "---\nkind: Node\nmetadata: {name: n2, labels: {role: worker}}\nstatus:\n  capacity: {cpu: 2}\n  addresses:\n"
            + "  - {type: Hostname, address: n2}\n  - {type: InternalIP, address: 192.0.2.2}\n"
            + "  - {type: ExternalIP, address: '2001:db8::2'}\n  - {type: InternalIP, address: 169.254.0.2}\n";
        Write("pods.yaml", Pods + node);
        Write("policies.yaml", One);
        both.Refresh();
        var known = Assert.Single(both.Current!.Nodes).Value;
        Assert.Equal("192.0.2.2 2001:db8::2", string.Join(' ', known.Addresses));
        Assert.Contains(new("role", "worker"), known.Labels.All);
        Assert.Single(both.Take().Nodes);

        foreach (
            var (wrong, why) in new[]
            {
                ("address: 192.0.2.2}", "address: 192.0.2.300}"),
                ("addresses:", "adresses:"),
                ("role: worker", "role: work er"),
            }.Zip(["is not the address of a node", "did you mean \"addresses\"", "is not the value of a label"])
        )
        {
            Write("pods.yaml", Pods + node.Replace(wrong.Item1, wrong.Item2, StringComparison.Ordinal));
            both.Refresh();
            Assert.Contains(why, Assert.Single(both.Warnings), StringComparison.Ordinal);
            Assert.Same(known, Assert.Single(both.Current!.Nodes).Value);
        }
    }

    [Fact]
    public void Fewer_objects_count_if_they_stay_so_for_half_a_second_and_more_count_at_once()
    {
        Write("pods.yaml", Pods);
        Write("policies.yaml", One);
        Write("policies.yaml", Two);
        Assert.Equal(2, files.Current!.Policies.Count);

        Write("policies.yaml", One);
        Assert.True(files.IsWaiting);
        Assert.Equal(2, files.Current!.Policies.Count);
        Write("policies.yaml", Two);
        time.Pass(TimeSpan.FromSeconds(1));
        files.Refresh();
        Assert.Equal(2, files.Current!.Policies.Count);

        Write("policies.yaml", One);
        time.Pass(TimeSpan.FromMilliseconds(499));
        files.Refresh();
        Assert.Equal(2, files.Current!.Policies.Count);
        time.Pass(TimeSpan.FromMilliseconds(1));
        files.Refresh();
        Assert.Single(files.Current!.Policies);
        Assert.False(files.IsWaiting);
    }

    [Theory]
    [InlineData("policies.yaml")]
    [InlineData("pods.yaml")]
    public void A_part_of_a_file_that_is_written_in_place_is_never_in_force(string name)
    {
        const string Isolating = "kind: NetworkPolicy\nmetadata: {name: one}\nspec:\n  podSelector: {}\n";
        const string Place = "kind: Pod\nmetadata: {name: a}\nspec: {nodeName: n1}\n";
        Write("policies.yaml", Isolating + "  policyTypes: [Ingress, Egress]\n");
        Write("pods.yaml", Place + "status: {podIP: 10.0.0.1}\n");
        using var told = new AutoResetEvent(initialState: false);
        using var watched = new PolicyFiles(directory.FullName, time);
        watched.Watch(() => told.Set());
        watched.Refresh();
        var before = watched.Current;

        using (var file = new FileStream(Path.Combine(directory.FullName, name), FileMode.Truncate))
        {
            var since = Stopwatch.GetTimestamp();
            // Valid, and it opens a pod.
            file.Write(System.Text.Encoding.UTF8.GetBytes(name == "pods.yaml" ? Place : Isolating));
            file.Flush();
            var isTold = told.WaitOne(TimeSpan.FromMilliseconds(100));
            watched.Refresh();
            var isSame = ReferenceEquals(before, watched.Current) && watched.Warnings.Count == 0;
            // On a busy machine this may have been a pause, after which it counts.
            Assert.True((isSame && !isTold) || Stopwatch.GetElapsedTime(since) > TimeSpan.FromMilliseconds(400));
        }

        told.WaitOne(TimeSpan.FromSeconds(60));
        watched.Refresh();
        Assert.NotSame(before, watched.Current);
    }

    [Fact]
    public void An_empty_file_is_refused()
    {
        Write("pods.yaml", Pods);
        Write("policies.yaml", "");
        Assert.Contains("it is empty", files.Problem, StringComparison.Ordinal);
        Write("policies.yaml", "kind: List\nitems: []\n");
        Assert.Empty(files.Current!.Policies);
    }

    public void Dispose()
    {
        files.Dispose();
        directory.Delete(recursive: true);
    }
}
