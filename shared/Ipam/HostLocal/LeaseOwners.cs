using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// Attachments as owners of leases. Their network is empty: the directory of the leases says it. Versions before 0.7 of the reference wrote
/// no interface: there it is empty too.
/// </summary>
internal static class LeaseOwners
{
    /// <summary>An owner in a network's directory.</summary>
    public static Attachment Of(string containerId, string ifName) => new("", containerId, ifName);

    extension(Attachment owner)
    {
        /// <summary>The owner as the old format writes it.</summary>
        public Attachment WithoutInterface => owner with { IfName = "" };

        /// <summary>A lease file's content: <c>id CR LF ifname</c>, nothing after it.</summary>
        public byte[] ToContent() =>
            Encoding.UTF8.GetBytes(owner.IfName.Length == 0 ? owner.ContainerId : $"{owner.ContainerId}\r\n{owner.IfName}");

        /// <summary><c>container x, interface y</c>, for messages.</summary>
        public string Text =>
            owner.IfName.Length == 0 ? $"container {owner.ContainerId}" : $"container {owner.ContainerId}, interface {owner.IfName}";
    }
}
