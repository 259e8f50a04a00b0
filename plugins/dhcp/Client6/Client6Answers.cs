using Plugboard.Dhcp.Wire;

namespace Plugboard.Dhcp.Client6;

/// <summary>What a server's message to this client, of the current exchange, does. Source: RFC 8415, 18.2.9, 18.2.10. Pure.</summary>
internal static class Client6Answers
{
    private const byte HighestPreference = 255;

    /// <summary>The step after a message.</summary>
    public static Client6Step On(Client6State state, Arrived6 arrived, long now)
    {
        var message = arrived.Message;
        var seen = Client6Machine.Saw(state, Describe(state, message));
        return (state.Phase, message.Type) switch
        {
            (Client6Phase.Soliciting, Dhcp6Type.Advertise) => OnAdvertise(seen, message, now),
            (Client6Phase.Informing, Dhcp6Type.Reply) => OnInformation(seen, message, now),
            (Client6Phase.Requesting, Dhcp6Type.Reply) when IsFrom(message, state.Offer!.Server) => OnRequested(seen, message, now),
            (Client6Phase.Renewing, Dhcp6Type.Reply) when IsFrom(message, state.Lease!.Server) => OnExtended(seen, message, now),
            (Client6Phase.Rebinding, Dhcp6Type.Reply) => OnExtended(seen, message, now),
            (Client6Phase.Declining, Dhcp6Type.Reply) when IsFrom(message, state.Lease!.Server) => Client6Machine.SearchAgain(state, now),
            _ => new Client6Step(seen, []),
        };
    }

    private static bool IsFrom(Dhcp6Message message, byte[]? server) => message.Server.AsSpan().SequenceEqual(server);

    // The best of those that come within the first pause; after it the first one, and at any time one that wants to be taken.
    private static Client6Step OnAdvertise(Client6State state, Dhcp6Message message, long now)
    {
        var gives =
            message.Status.Code == Dhcp6Status.Success
            && message.FindAssociation(state.Profile.AssociationId) is { Status.Code: Dhcp6Status.Success } association
            && Lease6.Choose(association, state.Wanted) is not null;
        if (!gives)
            return new Client6Step(state, []);
        var next = state with { Seen = state.Seen with { Advertisements = state.Seen.Advertisements + 1 } };
        if (state.Offer is null || message.Preference > state.Offer.Preference)
            next = next with { Offer = message };
        return message.Preference == HighestPreference || state.Sends > 1
            ? Client6Machine.Send(Client6Machine.Requesting(next, next.Offer!, now), now)
            : new Client6Step(next, []);
    }

    private static Client6Step OnInformation(Client6State state, Dhcp6Message message, long now) =>
        Lease6.From(message, state.Profile, null, now, out var fault) is { } answer
            ? Client6Machine.Take(state, answer, now)
            : new Client6Step(Client6Machine.Saw(state, fault), []);

    // Of a client that has the address already this is the answer to its claim after NoBinding.
    private static Client6Step OnRequested(Client6State state, Dhcp6Message message, long now)
    {
        if (Lease6.From(message, state.Profile, state.Wanted, now, out var fault) is { } lease)
            return Client6Machine.Take(state, lease, now);
        var next = Client6Machine.Saw(state, $"{state.Seen.Last}: {fault}");
        return StatusOf(state, message) switch
        {
            // It may do better when it is asked again: ten times, then others are.
            null or Dhcp6Status.UnspecFail or Dhcp6Status.UseMulticast => new Client6Step(next, []),
            _ when state.HasLease || state.IsUnconfirmed => Client6Machine.Lost(state, $"the server gives it no more: {fault}", now),
            _ => Client6Machine.SearchAgain(next with { Wanted = null }, now),
        };
    }

    private static Client6Step OnExtended(Client6State state, Dhcp6Message message, long now)
    {
        if (Lease6.From(message, state.Profile, state.Wanted, now, out var fault) is { } lease)
            return Client6Machine.Take(state, lease, now);
        return StatusOf(state, message) switch
        {
            Dhcp6Status.NoBinding => Client6Machine.Send(Client6Machine.Requesting(state, message, now), now),
            Dhcp6Status.NotOnLink => Client6Machine.Lost(state, $"the server refuses to extend it: {fault}", now),
            Dhcp6Status.Success when IsTakenBack(state, message) => Client6Machine.Lost(
                state,
                "the server gives it no valid lifetime any more",
                now
            ),
            // The others may extend it yet: the exchange goes on until its time.
            _ => new Client6Step(state, []),
        };
    }

    private static bool IsTakenBack(Client6State state, Dhcp6Message message) =>
        message.FindAssociation(state.Profile.AssociationId) is { } association
        && association.Addresses.Any(each => each.Address == state.Wanted && each.Valid == 0);

    // Null: the message says nothing of the client's association.
    private static Dhcp6Status? StatusOf(Client6State state, Dhcp6Message message) =>
        message.Status.Code != Dhcp6Status.Success
            ? message.Status.Code
            : message.FindAssociation(state.Profile.AssociationId)?.Status.Code;

    private static string Describe(Client6State state, Dhcp6Message message)
    {
        var text = $"{Client6Seen.NameOf(message.Type)} from server {Convert.ToHexStringLower(message.Server ?? [])}";
        var status =
            message.Status.Code != Dhcp6Status.Success ? message.Status : message.FindAssociation(state.Profile.AssociationId)?.Status;
        return status is { Code: not Dhcp6Status.Success } refused ? $"{text} ({refused})" : text;
    }
}
