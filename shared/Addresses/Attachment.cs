namespace Plugboard.Addresses;

/// <summary>One interface of one container on one network: the owner of leases, links, rules and files. Source: CNI specification 1.1.0.</summary>
/// <param name="Network">The network config's name.</param>
/// <param name="ContainerId">CNI_CONTAINERID.</param>
/// <param name="IfName">CNI_IFNAME: the interface in the container, such as <c>eth0</c>.</param>
public readonly record struct Attachment(string Network, string ContainerId, string IfName)
{
    /// <summary><c>network/container/interface</c>.</summary>
    public override string ToString() => $"{Network}/{ContainerId}/{IfName}";
}
