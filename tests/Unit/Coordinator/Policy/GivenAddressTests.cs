using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Objects;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>Addresses that plugins gave to pods, compiled in any order, are what a compilation of all at once gives.</summary>
public sealed class GivenAddressTests
{
    private static readonly IPAddr[] addresses = [.. Enumerable.Range(10, 6).Select(static last => IPAddr.Parse($"10.244.1.{last}"))];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void One_after_another_or_all_at_once_makes_no_difference(int seed)
    {
        var random = new RandomPolicies(5000 + seed);
#pragma warning disable CA5394 // It repeats.
        var choice = new Random(seed);
        var given = new Dictionary<IPAddr, ObjectName>();
        var compiler = new PolicyCompiler("n1");
        var mirror = compiler.ToTable();
        var before = PolicyObjects.Empty;
        for (var step = 0; step < 100; step++)
        {
            random.Step();
            var after = random.Objects;
            var address = addresses[choice.Next(addresses.Length)];
            var names = after.Pods.Keys.Order(ObjectName.Order).ToList();
            ObjectName? name = choice.Next(3) == 0 || names.Count == 0 ? null : names[choice.Next(names.Count)];
#pragma warning restore CA5394
            if (name is { } holder)
                given[address] = holder;
            else
                given.Remove(address);

            var changes = PolicyChanges.Between(before, after) with { Given = new() { [address] = name } };
            mirror.Apply(compiler.Apply(changes));
            before = after;

            var whole = new PolicyCompiler("n1");
            var all = given.ToDictionary(static pair => pair.Key, static pair => (ObjectName?)pair.Value);
            whole.Apply(PolicyChanges.Between(PolicyObjects.Empty, after) with { Given = all });
            Assert.Equal(Describe(whole.ToTable()), Describe(compiler.ToTable()));
            Assert.Equal(Describe(whole.ToTable()), Describe(mirror));
        }
    }

    [Fact]
    public void A_given_address_is_the_pods_and_nobody_elses()
    {
        var address = addresses[0];
        PolicyPod Pod(string name, params IPAddr[] own) =>
            new()
            {
                Name = new ObjectName("x", name),
                NodeName = "n1",
                Addresses = [.. own],
            };
        var compiler = new PolicyCompiler("n1");
        var objects = PolicyObjects.Of([Pod("old", address), Pod("new")], [], []);
        compiler.Apply(PolicyChanges.Between(PolicyObjects.Empty, objects));
        Assert.True(compiler.IsCompiled(new("x", "old"), address));

        compiler.Apply(new PolicyChanges { Given = new() { [address] = new ObjectName("x", "new") } });
        Assert.True(compiler.IsCompiled(new("x", "new"), address));
        Assert.False(compiler.IsCompiled(new("x", "old"), address));

        // It is not known yet: the address is nobody's.
        compiler.Apply(new PolicyChanges { Given = new() { [address] = new ObjectName("x", "later") } });
        Assert.False(compiler.IsCompiled(new("x", "new"), address));
        Assert.False(compiler.IsCompiled(new("x", "old"), address));

        compiler.Apply(new PolicyChanges { Given = new() { [address] = null } });
        Assert.True(compiler.IsCompiled(new("x", "old"), address));
    }

    private static string Describe(PolicyTable table) =>
        string.Join(
            '\n',
            table
                .Sets.SelectMany(static set => set.Value.Select(element => $"{set.Key.Name} {element.Key} {element.Value}"))
                .Concat(table.Sets.Keys.Select(static set => set.Name))
                .Concat(table.Chains.Values.Select(static chain => $"{chain.Name} {chain.Steps}"))
                .Order(StringComparer.Ordinal)
        );
}
