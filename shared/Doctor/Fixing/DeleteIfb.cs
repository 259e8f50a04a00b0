using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Doctor.Fixing;

/// <summary>Deletes an ifb that bandwidth made for a container that is gone, and to which no link redirects.</summary>
/// <param name="ifb">The link.</param>
internal sealed class DeleteIfb(Link ifb) : Fix($"delete link {ifb.Name}, to which no link redirects")
{
    /// <inheritdoc/>
    public override bool Apply()
    {
        using var client = RouteClient.Open();
        return client.Links.Find(ifb.Index) is { } now
            && now.Name == ifb.Name
            && now.Kind == ifb.Kind
            && now.Alias == ifb.Alias
            && client.Links.Delete(ifb.Index);
    }

    /// <inheritdoc/>
    public override void Undo()
    {
        using var client = RouteClient.Open();
        client.Links.Add(
            new IfbSpec
            {
                Name = ifb.Name,
                Mtu = ifb.Mtu,
                TxQueueLength = ifb.TxQueueLength,
                Address = ifb.Address,
                Up = ifb.IsUp,
            }
        );
        client.Links.Set(ifb.Name, new LinkChange { Alias = ifb.Alias });
    }
}
