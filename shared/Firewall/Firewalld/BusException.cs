namespace Plugboard.Firewall.Firewalld;

/// <summary>A service of the system bus, or the bus itself, refused a call or did not answer it.</summary>
/// <param name="name">The error's name, such as <c>org.freedesktop.DBus.Error.AccessDenied</c>; empty: no answer came.</param>
/// <param name="message">One whole sentence.</param>
public sealed class BusException(string name, string message) : Exception(message)
{
    /// <summary>The error's name; empty if no answer came.</summary>
    public string Name { get; } = name;

    /// <summary>True if no answer came, so that the call can be repeated.</summary>
    public bool IsSilence => Name.Length == 0 || Name is "org.freedesktop.DBus.Error.NoReply" or "org.freedesktop.DBus.Error.TimedOut";

    /// <summary>True if the service is not on the bus.</summary>
    public bool IsUnknownService => Name is "org.freedesktop.DBus.Error.ServiceUnknown" or "org.freedesktop.DBus.Error.NameHasNoOwner";
}
