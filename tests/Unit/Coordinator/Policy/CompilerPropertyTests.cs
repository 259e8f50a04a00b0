using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Policy.Objects;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>The compiled rules say what the oracle says, and what was compiled by changes is what would be compiled at once.</summary>
public sealed class CompilerPropertyTests
{
    private static readonly string[] nodes = ["n1", "n2"];

    public static TheoryData<int, bool> Seeds
    {
        get
        {
            var seeds = new TheoryData<int, bool>();
            for (var seed = 0; seed < 20; seed++)
            {
                seeds.Add(seed, false);
                seeds.Add(seed, true);
            }

            return seeds;
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_compiled_rules_of_both_nodes_say_what_the_oracle_says_after_each_change(int seed, bool hasClusterPolicies)
    {
        var random = new RandomPolicies(seed, hasClusterPolicies);
        var compilers = nodes.Select(static node => new PolicyCompiler(node)).ToList();
        var before = PolicyObjects.Empty;
        var (allowed, forbidden) = (0, 0);
        for (var step = 0; step < 60; step++)
        {
            random.Step();
            random.Step();
            var after = random.Objects;
            foreach (var compiler in compilers)
                compiler.Apply(PolicyChanges.Between(before, after));
            before = after;
            var oracle = new PolicyOracle(after);
            var evaluators = compilers.ConvertAll(static compiler => new TableEvaluator(compiler.ToTable()));
            for (var i = 0; i < 100; i++)
            {
                var connection = random.Connection();
                var verdict = oracle.Judge(connection);
                Assert.True(
                    verdict.IsAllowed == evaluators.TrueForAll(evaluator => evaluator.Passes(connection)),
                    $"seed {seed}, step {step}: {connection}: the oracle says {verdict}"
                );
                (allowed, forbidden) = verdict.IsAllowed ? (allowed + 1, forbidden) : (allowed, forbidden + 1);
            }
        }

        // A test that only ever sees one answer tests nothing.
        Assert.True(allowed > 500 && forbidden > 500, $"{allowed} allowed, {forbidden} forbidden");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Changes_one_after_another_give_what_a_compilation_of_all_gives(int seed, bool hasClusterPolicies)
    {
        var random = new RandomPolicies(1000 + seed, hasClusterPolicies);
        var compiler = new PolicyCompiler("n1");
        var mirror = compiler.ToTable();
        var before = PolicyObjects.Empty;
        for (var step = 0; step < 200; step++)
        {
            for (var i = 0; i <= step % 3; i++)
                random.Step();
            var after = random.Objects;
            mirror.Apply(compiler.Apply(PolicyChanges.Between(before, after)));
            before = after;
            var fresh = new PolicyCompiler("n1");
            fresh.Apply(PolicyChanges.Between(PolicyObjects.Empty, after));
            var expected = Describe(fresh.ToTable());
            Assert.Equal(expected, Describe(mirror));
            Assert.Equal(expected, Describe(compiler.ToTable()));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_chain_that_comes_is_told_after_those_that_it_jumps_to_and_goes_before_them(bool hasClusterPolicies)
    {
        var random = new RandomPolicies(7, hasClusterPolicies);
        var compiler = new PolicyCompiler("n1");
        var known = new HashSet<string>(StringComparer.Ordinal);
        var before = PolicyObjects.Empty;
        for (var step = 0; step < 300; step++)
        {
            random.Step();
            var after = random.Objects;
            var delta = compiler.Apply(PolicyChanges.Between(before, after));
            before = after;
            foreach (var chain in delta.NewChains)
            {
                Assert.True(known.Add(chain.Name));
                Assert.All(chain.Steps.Where(static each => each.Chain.Length > 0), each => Assert.Contains(each.Chain, known));
            }

            foreach (var chain in delta.GoneChains)
            {
                Assert.True(known.Remove(chain.Name));
                Assert.All(chain.Steps.Where(static each => each.Chain.Length > 0), each => Assert.Contains(each.Chain, known));
            }
        }
    }

    [Fact]
    public void One_remote_pod_costs_its_elements_and_no_chain()
    {
        var (compiler, objects) = Large(pods: 2000, policies: 100);
        var pod = objects.Pods.Values.First(static pod => pod.NodeName != "n1");
        var moved = pod with { Labels = Labels.Of([new Label("app", "app-5")]) };
        var changes = new PolicyChanges();
        changes.Pods[pod.Name] = moved;

        var delta = compiler.Apply(changes);

        Assert.Empty(delta.NewChains);
        Assert.Empty(delta.NewSets);
        Assert.InRange(delta.Elements.Sum(static set => set.Elements.Count), 1, 10);
    }

    [Fact]
    public void In_a_closed_network_only_pods_that_are_known_pass()
    {
        var compiler = new PolicyCompiler("n1");
        var pod = LargeCluster.Pod(0);
        var changes = new PolicyChanges();
        changes.Pods[pod.Name] = pod;
        compiler.Apply(changes);

        bool Passes(string from, string to)
        {
            var table = compiler.ToTable();
            table.Sets[PolicySet.Networks(is6: false)].Add(PolicyElement.Of(IPAddr.Parse("10.0.0.0"), IPAddr.Parse("10.0.0.255")), "");
            return new TableEvaluator(table).Passes(new Connection(IPAddr.Parse(from), IPAddr.Parse(to), 6, 80));
        }

        Assert.True(Passes("192.0.2.1", "10.0.0.1"));
        Assert.True(Passes("10.0.0.1", "192.0.2.1"));
        Assert.False(Passes("192.0.2.1", "10.0.0.2"));
        Assert.False(Passes("10.0.0.2", "192.0.2.1"));
        changes.Pods[pod.Name] = null;
        compiler.Apply(changes);
        Assert.False(Passes("192.0.2.1", "10.0.0.1"));
    }

    [Fact]
    public void An_equal_object_changes_nothing()
    {
        var (compiler, objects) = Large(pods: 200, policies: 20);
        var changes = new PolicyChanges();
        foreach (var (name, pod) in objects.Pods)
            changes.Pods[name] = pod with { };
        foreach (var (name, policy) in objects.Policies)
            changes.Policies[name] = policy with { };

        Assert.True(compiler.Apply(changes).IsEmpty);
    }

    private static (PolicyCompiler Compiler, PolicyObjects Objects) Large(int pods, int policies)
    {
        var objects = LargeCluster.Of(pods, policies);
        var compiler = new PolicyCompiler("n1");
        compiler.Apply(PolicyChanges.Between(PolicyObjects.Empty, objects));
        return (compiler, objects);
    }

    private static string Describe(PolicyTable table) =>
        string.Join(
            '\n',
            table
                .Sets.SelectMany(static set =>
                    set.Value.Select(element => $"{set.Key.Name} {element.Key} {element.Value}").Prepend($"set {set.Key}")
                )
                .Order(StringComparer.Ordinal)
                .Concat(
                    table.Chains.Values.Select(static chain =>
                        $"{chain.Name} {chain.Direction} {chain.IsProfile} {chain.IsOpen} {chain.Steps}"
                    )
                )
        );
}
