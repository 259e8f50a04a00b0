using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Dhcp.Client6;

/// <summary>An address for a time, or no address but DNS, as a server's REPLY gives it. Source: RFC 8415, 18.2.10. Pure.</summary>
internal sealed record Lease6
{
    private const uint Infinite = uint.MaxValue;
    private const uint ShortestSeconds = 2;

    /// <summary>The address; null: the REPLY is to INFORMATION-REQUEST.</summary>
    public IPAddr? Address { get; init; }

    /// <summary>The server's DUID.</summary>
    public required byte[] Server { get; init; }

    /// <summary>The REPLY.</summary>
    public required Dhcp6Message Reply { get; init; }

    /// <summary>When it came, in milliseconds of <see cref="Linux.BootClock"/>, as the other times.</summary>
    public required long Acquired { get; init; }

    /// <summary>T1: from now on the server is asked to extend it.</summary>
    public long Renewal { get; init; } = Lease.Never;

    /// <summary>T2: from now on any server is.</summary>
    public long Rebinding { get; init; } = Lease.Never;

    /// <summary>The end of the valid lifetime.</summary>
    public long Expiry { get; init; } = Lease.Never;

    /// <summary>The address with its length: DHCPv6 says nothing of the network (RFC 8415, 21.6; RFC 5942).</summary>
    public IPPrefix? Prefix => Address is { } address ? IPPrefix.Host(address) : null;

    /// <summary>The lease of a REPLY; null and the reason if it gives none.</summary>
    /// <param name="reply">The REPLY, to this client.</param>
    /// <param name="profile">The client.</param>
    /// <param name="had">The address that the client has: of several that one is taken.</param>
    /// <param name="now">The time.</param>
    /// <param name="fault">The reason.</param>
    public static Lease6? From(Dhcp6Message reply, Client6Profile profile, IPAddr? had, long now, out string fault)
    {
        fault = "";
        if (reply.Server is not { } server)
            fault = "the REPLY has no server identifier";
        else if (reply.Status.Code != Dhcp6Status.Success)
            fault = reply.Status.ToString();
        else if (profile.IsStateless)
            return new Lease6
            {
                Server = server,
                Reply = reply,
                Acquired = now,
            };
        else if (reply.FindAssociation(profile.AssociationId) is not { } association)
            fault = "the REPLY has no valid IA_NA of the client";
        else if (association.Status.Code != Dhcp6Status.Success)
            fault = association.Status.ToString();
        else if (Choose(association, had) is not { } chosen)
            fault = "the REPLY gives no address with a valid lifetime";
        else
            return new Lease6
            {
                Server = server,
                Reply = reply,
                Acquired = now,
            }.With(association, chosen);
        return null;
    }

    /// <summary>The address of an association that a client takes; null if all are without a lifetime.</summary>
    public static Dhcp6Address? Choose(Dhcp6Association association, IPAddr? had)
    {
        Dhcp6Address? first = null;
        foreach (var each in association.Addresses)
        {
            if (each.Valid == 0)
                continue;
            if (each.Address == had)
                return each;
            first ??= each;
        }

        return first;
    }

    // 14.2: times that a server leaves to the client are half and four fifths of the preferred lifetime. One whose address is no longer
    // preferred counts by its valid lifetime. Times after the end are no times.
    private Lease6 With(Dhcp6Association association, Dhcp6Address chosen)
    {
        var valid = chosen.Valid == Infinite ? Infinite : Math.Max(chosen.Valid, ShortestSeconds);
        var basis = chosen.Preferred == 0 ? valid : Math.Max(Math.Min(chosen.Preferred, valid), ShortestSeconds);
        var renewal = association.Renewal;
        var rebinding = association.Rebinding;
        if (rebinding == 0 || rebinding > valid)
            rebinding = basis == Infinite ? Infinite : (uint)(basis * 4L / 5);
        if (renewal == 0 || renewal > rebinding)
            renewal = Math.Min(basis == Infinite ? Infinite : basis / 2, rebinding);
        return this with { Address = chosen.Address, Renewal = After(renewal), Rebinding = After(rebinding), Expiry = After(valid) };
    }

    private long After(uint seconds) => seconds == Infinite ? Lease.Never : Acquired + Math.Max(seconds, 1) * 1000L;
}
