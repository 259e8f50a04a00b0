namespace Plugboard.Firewall;

/// <summary>Whose a rule, a map's element or a chain is: one attachment of one container to one network.</summary>
/// <param name="Network">The network config's name.</param>
/// <param name="ContainerId">The container's id as the runtime says it.</param>
/// <param name="IfName">The interface in the container, such as <c>eth0</c>.</param>
public readonly record struct PodIdentity(string Network, string ContainerId, string IfName)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Network}/{ContainerId}/{IfName}";
}
