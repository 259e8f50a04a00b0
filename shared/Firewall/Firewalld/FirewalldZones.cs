namespace Plugboard.Firewall.Firewalld;

/// <summary>
/// Which sources firewalld counts to its zones, over D-Bus: until its next reload or end. Each call has a connection of its own, and a
/// limited time. Source: firewalld.dbus(5), org.fedoraproject.FirewallD1.zone.
/// </summary>
/// <param name="address">The bus's address; null: the system's, or what DBUS_SYSTEM_BUS_ADDRESS says.</param>
public sealed class FirewalldZones(string? address = null)
{
    private const string Service = "org.fedoraproject.FirewallD1";

    /// <summary>The variable that names the bus.</summary>
    public const string AddressVariable = "DBUS_SYSTEM_BUS_ADDRESS";

    private readonly string address =
        address ?? (Environment.GetEnvironmentVariable(AddressVariable) is { Length: > 0 } given ? given : BusAddress.System);

    /// <summary>The most time for one call. firewalld itself may wait for iptables.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>True if firewalld is on the bus; false also without a bus.</summary>
    /// <exception cref="BusException">The bus does not answer, or refuses this process.</exception>
    public bool IsRunning()
    {
        using var bus = SystemBus.Find(address, Timeout);
        return bus is not null && bus.HasOwner(Service);
    }

    /// <summary>Has a zone take what comes from a source; done if it does already.</summary>
    /// <returns>False if the zone had it already.</returns>
    /// <exception cref="FirewalldZoneException">Another zone has it.</exception>
    /// <exception cref="BusException">firewalld refused, is not running, or did not answer.</exception>
    public bool Add(string zone, string source)
    {
        try
        {
            Call("addSource", zone, source);
            return true;
        }
        // Which of the two a version of firewalld says, and which zone has it, differs.
        catch (BusException e) when (Says(e, "ZONE_ALREADY_SET") || Says(e, "ZONE_CONFLICT"))
        {
            if (Has(zone, source))
                return false;
            throw new FirewalldZoneException(source, zone, FindZone(source) ?? "");
        }
    }

    /// <summary>Takes a source from a zone; done if the zone does not have it, or firewalld does not run.</summary>
    /// <exception cref="BusException">firewalld refused, or did not answer.</exception>
    public void Remove(string zone, string source)
    {
        try
        {
            Call("removeSource", zone, source);
        }
        catch (BusException e) when (e.IsUnknownService || Says(e, "UNKNOWN_SOURCE") || Says(e, "INVALID_ZONE"))
        {
            // It is gone.
        }
    }

    /// <summary>True if a zone has a source.</summary>
    /// <exception cref="BusException">firewalld refused, is not running, or did not answer.</exception>
    public bool Has(string zone, string source) => Call("querySource", zone, source).IsTrue();

    private string? FindZone(string source)
    {
        try
        {
            return Call("getZoneOfSource", source).FirstString();
        }
        catch (BusException)
        {
            // It only says more of another failure.
            return null;
        }
    }

    private BusReply Call(string method, params string[] arguments)
    {
        using var bus = SystemBus.Find(address, Timeout);
        return bus is null
            ? throw new BusException("org.freedesktop.DBus.Error.ServiceUnknown", $"no system bus listens at {address}")
            : bus.Call(new BusCall(Service, "/org/fedoraproject/FirewallD1", Service + ".zone", method, arguments));
    }

    private static bool Says(BusException e, string word) =>
        e.Message.Contains(word, StringComparison.Ordinal) || e.Name.EndsWith("." + word, StringComparison.Ordinal);
}

/// <summary>Another of firewalld's zones has a source.</summary>
/// <param name="source">The source.</param>
/// <param name="wanted">The zone that was to get it.</param>
/// <param name="zone">The zone that has it; empty if firewalld does not say.</param>
public sealed class FirewalldZoneException(string source, string wanted, string zone)
    : Exception(
        $"firewalld has {source} in {(zone.Length > 0 ? $"the zone {zone}" : "another zone")}, so that the zone {wanted} does not get it"
    );
