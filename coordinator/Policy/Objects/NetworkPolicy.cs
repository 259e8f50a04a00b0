using Plugboard.Addresses;
using Plugboard.Firewall.Ports;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Objects;

/// <summary>A NetworkPolicy, defaults filled in. Source: networking.k8s.io/v1.</summary>
internal sealed record NetworkPolicy
{
    /// <summary>Its namespace and name.</summary>
    public required ObjectName Name { get; init; }

    /// <summary>The pods of its namespace that it isolates.</summary>
    public required LabelSelector PodSelector { get; init; }

    /// <summary>It isolates for what arrives; null: it says nothing of that direction. Without a rule, nothing may arrive.</summary>
    public ValueArray<PolicyRule>? Ingress { get; init; }

    /// <summary>The same for what pods send.</summary>
    public ValueArray<PolicyRule>? Egress { get; init; }

    /// <summary>One that isolates all pods of its namespace in both directions and allows nothing.</summary>
    public static NetworkPolicy Closing(ObjectName name) =>
        new()
        {
            Name = name,
            PodSelector = LabelSelector.Everything,
            Ingress = [],
            Egress = [],
        };

    /// <summary>The one that a closed pod has instead of those that would select it. No object of the API can have its name.</summary>
    public static NetworkPolicy OfClosedPod(string home) => Closing(new ObjectName(home, "(unreadable pod)"));

    /// <summary>The one that <see cref="PolicyNamespace.IsolationAnnotation"/> stands for: nothing may arrive.</summary>
    public static NetworkPolicy OfAnnotation(string home) => Closing(new ObjectName(home, "(annotation)")) with { Egress = null };

    /// <summary>The rules of a direction; null: it says nothing of it.</summary>
    public ValueArray<PolicyRule>? Rules(PolicyDirection direction) => direction == PolicyDirection.Ingress ? Ingress : Egress;
}

/// <summary>A direction, from the selected pod's view. Both are decided by who opens the connection.</summary>
internal enum PolicyDirection
{
    /// <summary>Others connect to the pod.</summary>
    Ingress,

    /// <summary>The pod connects to others.</summary>
    Egress,
}

/// <summary>Allows connections of one of the peers to one of the ports.</summary>
/// <param name="Peers">The other ends; empty: all.</param>
/// <param name="Ports">The ports; empty: all ports of all protocols, and what has no ports.</param>
internal sealed record PolicyRule(ValueArray<PolicyPeer> Peers, ValueArray<PolicyPort> Ports);

/// <summary>
/// The other end of a connection: a block of addresses, pods, or nodes. One with none of them matches nothing: it is of a kind that is not
/// known here.
/// </summary>
internal sealed record PolicyPeer
{
    /// <summary>Addresses, whatever they belong to.</summary>
    public IpBlock? Block { get; init; }

    /// <summary>Pods.</summary>
    public PodPeer? Pods { get; init; }

    /// <summary>Nodes, by their labels: the addresses that they state, which pods of the host's network have too.</summary>
    public LabelSelector? Nodes { get; init; }
}

/// <summary>The addresses of a network without those of some parts of it.</summary>
/// <param name="Cidr">The network, masked.</param>
/// <param name="Except">The parts, masked.</param>
internal sealed record IpBlock(IPPrefix Cidr, ValueArray<IPPrefix> Except)
{
    /// <summary>True if the address belongs to it.</summary>
    public bool Contains(IPAddr address) => Cidr.Contains(address) && !Except.Any(part => part.Contains(address));

    /// <summary><c>10.0.0.0/8 except 10.1.0.0/16</c>.</summary>
    public override string ToString() => Except.Count == 0 ? $"{Cidr}" : $"{Cidr} except {Except}";
}

/// <summary>Pods, by their labels and by their namespace.</summary>
/// <param name="Namespace">The only namespace; null: those that <paramref name="Namespaces"/> selects.</param>
/// <param name="Namespaces">Selects namespaces, if <paramref name="Namespace"/> is null.</param>
/// <param name="Pods">Selects pods there.</param>
internal sealed record PodPeer(string? Namespace, LabelSelector Namespaces, LabelSelector Pods)
{
    /// <summary>True if it selects a pod on the pod network.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="home">Its namespace; null: it is not known yet, and no selector of namespaces selects it.</param>
    public bool Matches(PolicyPod pod, PolicyNamespace? home) =>
        !pod.IsClosed
        && (Namespace is { } only ? pod.Name.Namespace == only : home is not null && Namespaces.Matches(home.Labels))
        && Pods.Matches(pod.Labels);

    /// <summary>For people: <c>pods of x with app in (web)</c>.</summary>
    public string Describe() =>
        (
            Namespace is { } only ? $"pods of {only}"
            : Namespaces.Requirements.Count == 0 ? "pods of all namespaces"
            : $"pods of namespaces with {Namespaces}"
        ) + (Pods.Requirements.Count == 0 ? "" : $", with {Pods}");

    /// <summary>A text that only an equal peer has.</summary>
    public override string ToString() => Namespace is { } only ? $"{only}: {Pods}" : $"[{Namespaces}]: {Pods}";
}

/// <summary>Ports of a protocol.</summary>
/// <param name="Protocol">The protocol.</param>
/// <param name="Name">The name of a container's port; null: it is a range of numbers.</param>
/// <param name="First">The first number; 0 with <paramref name="Last"/> 65,535: all.</param>
/// <param name="Last">The last one.</param>
internal readonly record struct PolicyPort(PortProtocol Protocol, string? Name, ushort First, ushort Last);
