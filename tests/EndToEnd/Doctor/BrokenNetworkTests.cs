using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Doctor;

/// <summary>As <see cref="BrokenNodeTests"/>, beside it: links, rules, directories and settings.</summary>
public sealed class BrokenNetworkTests
{
    private static readonly Dictionary<string, Fault> faults = NetworkFaults.All.ToDictionary(
        static fault => fault.Name,
        StringComparer.Ordinal
    );

    public static TheoryData<string> Names => [.. faults.Keys];

    [KernelTheory]
    [MemberData(nameof(Names))]
    public void What_is_wrong_with_the_node_is_found_and_its_remedy_helps(string name) => Treatment.Verify(faults[name]);
}
