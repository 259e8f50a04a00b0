using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Doctor;

/// <summary>As <see cref="BrokenNodeTests"/>, beside it: what plugins left behind, and what they need that is away.</summary>
public sealed class LeftoverTests
{
    private static readonly Dictionary<string, Fault> faults = LeftoverFaults.All.ToDictionary(
        static fault => fault.Name,
        StringComparer.Ordinal
    );

    public static TheoryData<string> Names => [.. faults.Keys];

    [KernelTheory]
    [MemberData(nameof(Names))]
    public void What_was_left_is_found_and_its_remedy_helps(string name) => Treatment.Verify(faults[name]);
}
