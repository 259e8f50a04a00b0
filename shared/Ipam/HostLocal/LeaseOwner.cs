using System.Text;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// The owner of a lease: a container's interface. Versions before 0.7 of the reference wrote no interface: then it is empty.
/// </summary>
/// <param name="ContainerId">CNI_CONTAINERID.</param>
/// <param name="IfName">CNI_IFNAME; empty in the old format.</param>
internal readonly record struct LeaseOwner(string ContainerId, string IfName)
{
    /// <summary>The owner as the old format writes it.</summary>
    public LeaseOwner WithoutInterface => this with { IfName = "" };

    /// <summary>A lease file's content: <c>id CR LF ifname</c>, nothing after it.</summary>
    public byte[] ToContent() => Encoding.UTF8.GetBytes(IfName.Length == 0 ? ContainerId : $"{ContainerId}\r\n{IfName}");

    /// <summary><c>container x, interface y</c>, for messages.</summary>
    public override string ToString() => IfName.Length == 0 ? $"container {ContainerId}" : $"container {ContainerId}, interface {IfName}";
}
