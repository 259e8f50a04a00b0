namespace Plugboard.Doctor.Nodes;

/// <summary>What the plugin bridge writes on the node's end of a pod's link: <c>cni:network/container/interface</c>.</summary>
/// <param name="Network">The network's name.</param>
/// <param name="ContainerId">The container.</param>
internal readonly record struct PodAlias(string Network, string ContainerId)
{
    /// <summary>What every such alias begins with.</summary>
    public const string Mark = "cni:";

    /// <summary>Reads an alias; null if it is not one of ours.</summary>
    public static PodAlias? Parse(string alias)
    {
        if (!alias.StartsWith(Mark, StringComparison.Ordinal))
            return null;
        var parts = alias[Mark.Length..].Split('/');
        return parts.Length == 3 ? new PodAlias(parts[0], parts[1]) : null;
    }
}
