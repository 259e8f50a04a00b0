using Plugboard.Addresses;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>A set of the compiled rules. Two with one name are equal.</summary>
/// <param name="Name">Its name: made of what it says, so that another content has another name.</param>
/// <param name="Kind">What its elements are.</param>
/// <param name="Is6">The family of its addresses; null: it has none.</param>
/// <param name="Comment">What it is, for people; at most 128 bytes.</param>
internal sealed record PolicySet(string Name, PolicySetKind Kind, bool? Is6, string Comment)
{
    /// <summary>From a local pod's address to the chain that decides what it sends, by family.</summary>
    public static PolicySet Egress(bool is6) => is6 ? egress6 : egress4;

    /// <summary>The same for what is sent to it.</summary>
    public static PolicySet Ingress(bool is6) => is6 ? ingress6 : ingress4;

    /// <summary>The local pods' addresses, each with itself: what a pod sends to itself by way of a Service.</summary>
    public static PolicySet Own(bool is6) => is6 ? own6 : own4;

    /// <summary>The addresses of this node's pods that are known.</summary>
    public static PolicySet Ready(bool is6) => is6 ? ready6 : ready4;

    /// <summary>The networks whose addresses are refused unless they are ready; empty: pods that are not known are open.</summary>
    public static PolicySet Networks(bool is6) => is6 ? networks6 : networks4;

    private static readonly PolicySet egress4 = new("egress4", PolicySetKind.Profiles, Is6: false, "pods isolated for egress");
    private static readonly PolicySet egress6 = new("egress6", PolicySetKind.Profiles, Is6: true, "pods isolated for egress");
    private static readonly PolicySet ingress4 = new("ingress4", PolicySetKind.Profiles, Is6: false, "pods isolated for ingress");
    private static readonly PolicySet ingress6 = new("ingress6", PolicySetKind.Profiles, Is6: true, "pods isolated for ingress");
    private static readonly PolicySet own4 = new("own4", PolicySetKind.Pairs, Is6: false, "isolated pods, to themselves");
    private static readonly PolicySet own6 = new("own6", PolicySetKind.Pairs, Is6: true, "isolated pods, to themselves");
    private static readonly PolicySet ready4 = new("ready4", PolicySetKind.Peers, Is6: false, "pods of this node");
    private static readonly PolicySet ready6 = new("ready6", PolicySetKind.Peers, Is6: true, "pods of this node");
    private static readonly PolicySet networks4 = new("networks4", PolicySetKind.Blocks, Is6: false, "closed for pods that are not known");
    private static readonly PolicySet networks6 = new("networks6", PolicySetKind.Blocks, Is6: true, "closed for pods that are not known");

    /// <summary>The sets that are always there.</summary>
    public static IReadOnlyList<PolicySet> Fixed { get; } =
    [egress4, egress6, ingress4, ingress6, own4, own6, ready4, ready6, networks4, networks6];

    /// <summary>True if both have one name, and so one content.</summary>
    public bool Equals(PolicySet? other) => other is not null && Name == other.Name;

    /// <inheritdoc/>
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
}

/// <summary>What the elements of a set are.</summary>
internal enum PolicySetKind
{
    /// <summary>Addresses of pods, or of nodes.</summary>
    Peers,

    /// <summary>Ranges of addresses.</summary>
    Blocks,

    /// <summary>Ranges of ports, each with its protocol.</summary>
    Ports,

    /// <summary>Addresses of pods, each with a protocol and a port.</summary>
    NamedPorts,

    /// <summary>Addresses that lead to chains.</summary>
    Profiles,

    /// <summary>Pairs of addresses.</summary>
    Pairs,
}

/// <summary>An element of a set of any kind; the fields that the kind does not have are zero.</summary>
/// <param name="Address">The address, or the first of a range.</param>
/// <param name="Last">The last address of a range, or the second of a pair.</param>
/// <param name="Protocol">The protocol's number.</param>
/// <param name="Port">The port, or the first of a range.</param>
/// <param name="LastPort">The last port of a range.</param>
internal readonly record struct PolicyElement(IPAddr Address, IPAddr Last, byte Protocol, ushort Port, ushort LastPort)
{
    /// <summary>An address.</summary>
    public static PolicyElement Of(IPAddr address) => new(address, default, 0, 0, 0);

    /// <summary>A range, or a pair.</summary>
    public static PolicyElement Of(IPAddr first, IPAddr last) => new(first, last, 0, 0, 0);

    /// <summary>An address with a port.</summary>
    public static PolicyElement Of(IPAddr address, byte protocol, ushort port) => new(address, default, protocol, port, 0);

    /// <summary>A range of ports.</summary>
    public static PolicyElement Of(byte protocol, ushort first, ushort last) => new(default, default, protocol, first, last);
}
