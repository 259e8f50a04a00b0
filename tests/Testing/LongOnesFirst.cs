using Xunit;
using Xunit.Abstractions;

namespace Plugboard.Testing;

/// <summary>
/// The order in which collections start: those that take longest first, so that no long one runs alone at the end while processors are
/// idle.
/// </summary>
public sealed class LongOnesFirst : ITestCollectionOrderer
{
    // Collections by name, and classes that are collections of their own.
    private static readonly string[] Long =
    [
        ".Coordinator.Policy.ConformanceTests",
        ".Coordinator.Policy.PolicyReconcilerTests",
        ".Coordinator.EngineTests",
        ".Coordinator.FaultTests",
        ".Coordinator.ForwardChainCheckTests",
        ".Coordinator.Pods.ChangedTableTests",
        ".Firewall.Iptables.ReferenceHostPortTests",
        ".Doctor.BrokenNodeTests",
        "guests of volumes",
        "guests of killed calls",
        "guests of networks",
        ".Deploy.ReleaseTests",
        ".Image.ImageTests",
        ".Faults.PodInterfaceFaultTests",
        ".RealUse.HostDeviceReturnTests",
        ".Installer.KilledTests",
        ".Flannel.KilledTests",
        "loop devices",
        ".Faults.KilledTests",
        ".Faults.HostileInputTests",
        ".RealUse.ReferenceComparisonTests",
        ".Faults.FailedCallTests",
        ".Ports.PortKilledTests",
        ".Ports.PortMixedUseTests",
    ];

    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(static collection => Place(collection.DisplayName)).ThenBy(static collection => collection.DisplayName);

    private static int Place(string name)
    {
        var place = Array.FindIndex(Long, part => name.Contains(part, StringComparison.Ordinal));
        return place < 0 ? Long.Length : place;
    }
}
