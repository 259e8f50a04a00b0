using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux.Files;

namespace Plugboard.ClusterFiles;

/// <summary>
/// What flannel's subnet.env says: the cluster's networks, the node's part of them, the pods' MTU, and whether the daemon masquerades. Text
/// in, text out. Source: flannel, pkg/subnet WriteSubnetFile; its CNI plugin, loadFlannelSubnetEnv.
/// </summary>
public sealed record SubnetFile
{
    /// <summary>Where flannel's daemon writes it.</summary>
    public const string DefaultPath = "/run/flannel/subnet.env";

    /// <summary>FLANNEL_NETWORK: all pods' IPv4 networks, each once, without host bits.</summary>
    public IReadOnlyList<IPPrefix> Networks { get; init; } = [];

    /// <summary>FLANNEL_SUBNET: this node's, host bits kept; null if absent.</summary>
    public IPPrefix? Subnet { get; init; }

    /// <summary>FLANNEL_IPV6_NETWORK.</summary>
    public IReadOnlyList<IPPrefix> IPv6Networks { get; init; } = [];

    /// <summary>FLANNEL_IPV6_SUBNET.</summary>
    public IPPrefix? IPv6Subnet { get; init; }

    /// <summary>FLANNEL_MTU: bytes.</summary>
    public required uint Mtu { get; init; }

    /// <summary>FLANNEL_IPMASQ: the daemon masquerades, so the pods' plugin does not.</summary>
    public required bool IpMasq { get; init; }

    /// <summary>How the daemon names a node's part: by its first address. <c>10.244.1.0/24</c> is written <c>10.244.1.1/24</c>.</summary>
    public static IPPrefix FirstOf(IPPrefix podNetwork) => podNetwork with { Address = podNetwork.Network.Address.Next() };

    /// <summary>Reads the file; null if it is missing.</summary>
    /// <exception cref="SubnetFileException">It cannot be understood.</exception>
    /// <exception cref="Linux.ErrnoException">It cannot be read.</exception>
    public static SubnetFile? Find(string path)
    {
        using var file = FileDescriptor.FindForReading(path);
        return file is null ? null : Parse(Encoding.UTF8.GetString(file.ReadToEnd()), path);
    }

    /// <summary>Reads the text. Unknown keys are ignored; of a repeated key the last counts.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">The file's path, for errors.</param>
    /// <exception cref="SubnetFileException">It is invalid, or a key is missing.</exception>
    public static SubnetFile Parse(string text, string path) => SubnetFileParser.Parse(text, path);

    /// <summary>The text as flannel's daemon writes it, to the byte.</summary>
    public string Render()
    {
        var text = new StringBuilder();
        if (Subnet is { } subnet)
            text.Append("FLANNEL_NETWORK=").AppendJoin(',', Networks).Append("\nFLANNEL_SUBNET=").Append(subnet).Append('\n');
        if (IPv6Subnet is { } subnet6)
            text.Append("FLANNEL_IPV6_NETWORK=")
                .AppendJoin(',', IPv6Networks)
                .Append("\nFLANNEL_IPV6_SUBNET=")
                .Append(subnet6)
                .Append('\n');
        text.Append("FLANNEL_MTU=").Append(Mtu).Append("\nFLANNEL_IPMASQ=").Append(IpMasq ? "true" : "false").Append('\n');
        return text.ToString();
    }

    /// <summary>
    /// Writes the file so that a reader, and a machine that loses its power, has the old or the new one whole; nothing if it says this
    /// already.
    /// </summary>
    /// <returns>Whether it was written.</returns>
    /// <exception cref="Linux.ErrnoException">It cannot be written.</exception>
    public bool Write(string path) => DurableFile.Write(path, Encoding.UTF8.GetBytes(Render()));

    /// <summary>True if both say the same.</summary>
    public bool Equals(SubnetFile? other) => other is not null && Render() == other.Render();

    /// <inheritdoc/>
    public override int GetHashCode() => Render().GetHashCode(StringComparison.Ordinal);
}
