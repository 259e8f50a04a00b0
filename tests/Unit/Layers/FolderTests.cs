using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using Plugboard.Addresses;
using Plugboard.Coordinator.Engine;
using Plugboard.Doctor;
using Plugboard.Firewall.Nftables;
using Plugboard.Hosting;
using Plugboard.Install;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Protocols.Cni;
using Plugboard.Volumes;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace Plugboard.Tests.Unit.Layers;

/// <summary>What docs/architecture.md says of layers and folders, held against the compiled types.</summary>
public sealed class FolderTests
{
    private static readonly ArchUnitNET.Domain.Architecture Product = new ArchLoader()
        .LoadAssemblies(
            typeof(IPAddr).Assembly,
            typeof(ErrnoException).Assembly,
            typeof(RouteClient).Assembly,
            typeof(NftablesClient).Assembly,
            typeof(CniRequest).Assembly,
            typeof(CniProcess).Assembly,
            typeof(InstallRecord).Assembly,
            typeof(VolumePolicy).Assembly,
            typeof(DoctorReport).Assembly,
            typeof(CoordinatorEngine).Assembly
        )
        .Build();

    [Theory]
    [InlineData("Plugboard.Coordinator")]
    [InlineData("Plugboard.Doctor")]
    [InlineData("Plugboard.Firewall")]
    [InlineData("Plugboard.Linux")]
    [InlineData("Plugboard.Netlink")]
    [InlineData("Plugboard.Volumes")]
    public void No_folder_depends_on_one_that_depends_on_it(string assembly)
    {
        var uses = UsesBetweenFolders(assembly);
        Assert.NotEmpty(uses);
        var folders = uses.Select(static use => use.From).ToHashSet(StringComparer.Ordinal);
        // A folder that uses no other one, or that no other one uses, goes, until only circles are left.
        while (
            folders.RemoveWhere(folder =>
                !uses.Exists(use => use.From == folder && folders.Contains(use.To))
                || !uses.Exists(use => use.To == folder && folders.Contains(use.From))
            ) > 0
        ) { }

        var circles = uses.Where(use => folders.Contains(use.From) && folders.Contains(use.To))
            .Select(static use => $"{use.From} -> {use.To}: {use.User} uses {use.Used}")
            .Distinct()
            .ToList();
        Assert.True(circles.Count == 0, string.Join('\n', circles));
    }

    // A folder and those in it are one; types beside the folders are of none.
    private static List<(string From, string To, string User, string Used)> UsesBetweenFolders(string assembly) =>
        [
            .. from user in Product.Types
            let owner = FolderOf(assembly, user)
            where owner is not null
            from dependency in user.Dependencies
            where dependency.Target is not GenericParameter
            let to = FolderOf(assembly, dependency.Target)
            where to is not null && to != owner
            select (owner, to, user.Name, dependency.Target.Name),
        ];

    private static string? FolderOf(string assembly, IType type) =>
        type.Namespace?.FullName is { } name && name.StartsWith(assembly + ".", StringComparison.Ordinal)
            ? name[(assembly.Length + 1)..].Split('.')[0]
            : null;

    [Theory]
    [InlineData(@"Plugboard\.(Addresses|Linux|Netlink|Firewall)(\..*)?", @"System\.Text\.Json(\..*)?")]
    [InlineData(@"Plugboard\.Protocols(\..*)?", @"Plugboard\.Linux(\..*)?")]
    [InlineData(
        @"Plugboard\.Coordinator\.(Cluster|Configuration|Reconciling)(\..*)?",
        @"Plugboard\.Coordinator\.(Engine|Routes|Masquerade|Cli)(\..*)?"
    )]
    [InlineData(@"Plugboard\.Coordinator\.Engine(\..*)?", @"Plugboard\.Coordinator\.(Routes|Masquerade|Pods|Files|Cli)(\..*)?")]
    public void A_layer_knows_nothing_of_those_above_it(string layer, string above) =>
        Holds(
            Types()
                .That()
                .ResideInNamespaceMatching($"^{layer}$")
                .Should()
                .NotDependOnAny(Types().That().ResideInNamespaceMatching($"^{above}$"))
        );

    private static void Holds(IArchRule rule) =>
        Assert.True(
            rule.HasNoViolations(Product),
            string.Join('\n', rule.Evaluate(Product).Where(static result => !result.Passed).Select(static result => result.Description))
        );
}
