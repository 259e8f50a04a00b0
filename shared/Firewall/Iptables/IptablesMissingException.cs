namespace Plugboard.Firewall.Iptables;

/// <summary>A tool is not on this node.</summary>
/// <param name="name">Its name, as <c>iptables-restore</c>.</param>
/// <param name="searched">The folders it was looked for in.</param>
public sealed class IptablesMissingException(string name, IReadOnlyList<string> searched)
    : IptablesException(name, null, null, $"{name} is not installed: it is in none of {string.Join(", ", searched)}")
{
    /// <summary>The folders it was looked for in.</summary>
    public IReadOnlyList<string> Searched { get; } = searched;
}
