using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Doctor;

/// <summary>
/// Each broken node gives its finding and no other; what did not work before the remedy works after it. The commands that a remedy names
/// are run as they are printed.
/// </summary>
public sealed class BrokenNodeTests
{
    private static readonly Dictionary<string, Fault> plugins = PluginFaults.All.ToDictionary(
        static fault => fault.Name,
        StringComparer.Ordinal
    );

    public static TheoryData<string> Names => [.. plugins.Keys];

    [KernelFact]
    public void A_node_on_which_all_is_well_has_no_finding_before_and_after_its_first_pod()
    {
        using var node = new PatientNode();
        Assert.Equal("", node.Ids());
        node.Attach(hostPort: 8080);
        Assert.Equal("", node.Ids());
        Assert.Null(Fault.Outwards(node));
        Assert.Null(Fault.Published(node));
        Assert.Null(Fault.Localhost(node));
    }

    [KernelTheory]
    [MemberData(nameof(Names))]
    public void What_keeps_pods_from_starting_is_found_and_its_remedy_helps(string name) => Treatment.Verify(plugins[name]);
}
