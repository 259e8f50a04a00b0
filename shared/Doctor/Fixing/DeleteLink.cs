using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Doctor.Fixing;

/// <summary>Deletes a veth pair with both ends on the node, made by a plugin for a container that is gone.</summary>
/// <param name="link">The end on the bridge.</param>
/// <param name="peer">The other end.</param>
internal sealed class DeleteLink(Link link, Link peer) : Fix($"delete link {link.Name} and its other end {peer.Name}, both on the node")
{
    /// <inheritdoc/>
    public override bool Apply()
    {
        using var client = RouteClient.Open();
        // An index is not used again while the node is up, but a link can be renamed or moved.
        return client.Links.Find(link.Index) is { } now
            && now.Name == link.Name
            && now.Alias == link.Alias
            && now.PeerIndex == peer.Index
            && now.LinkNetNsId is null
            && client.Links.Delete(link.Index);
    }

    /// <inheritdoc/>
    public override void Undo()
    {
        using var client = RouteClient.Open();
        client.Links.Add(
            new VethSpec
            {
                Name = link.Name,
                Peer = new VethPeer { Name = peer.Name },
            }
        );
        client.Links.Set(link.Name, new LinkChange { Master = link.MasterIndex, Alias = link.Alias });
    }
}
