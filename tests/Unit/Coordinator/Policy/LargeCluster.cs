using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Firewall.Ports;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>A cluster of any size: ten namespaces, 110 pods on node n1, and policies that each let one app reach another.</summary>
internal static class LargeCluster
{
    private const int Homes = 10;
    private const int Apps = 50;

    public static PolicyObjects Of(int pods, int policies) =>
        PolicyObjects.Of(
            Enumerable.Range(0, pods).Select(Pod),
            Enumerable
                .Range(0, Homes)
                .Select(static i => new PolicyNamespace($"ns-{i}", Labels.Of([new Label(PolicyNamespace.NameLabel, $"ns-{i}")]))),
            Enumerable.Range(0, policies).Select(Policy)
        );

    public static PolicyPod Pod(int i) =>
        new()
        {
            Name = new ObjectName($"ns-{i % Homes}", $"pod-{i}"),
            Labels = Labels.Of([new Label("app", $"app-{i / Homes % Apps}"), new Label("pod", $"{i}")]),
            Addresses = [IPAddr.V4(0x0a000001 + (uint)i)],
            NodeName = i < 110 ? "n1" : $"n{2 + i / 110}",
            Ports = [new NamedPort("web", PortProtocol.Tcp, 8080)],
        };

    public static NetworkPolicy Policy(int i) =>
        new()
        {
            Name = new ObjectName($"ns-{i % Homes}", $"policy-{i}"),
            PodSelector = App(i / Homes % Apps),
            Ingress =
            [
                new PolicyRule(
                    [new PolicyPeer { Pods = new PodPeer(null, LabelSelector.Everything, App((i + 1) % Apps)) }],
                    [new PolicyPort(PortProtocol.Tcp, null, 8080, 8080)]
                ),
            ],
        };

    private static LabelSelector App(int number) => LabelSelector.Of([LabelRequirement.Of("app", LabelOperator.In, $"app-{number}")]);
}
