using System.Globalization;
using Plugboard.Volumes.Options;

namespace Plugboard.Volumes.Remote;

/// <summary>What the options of a volume on a server come to.</summary>
internal abstract record RemotePlan
{
    /// <summary>The server.</summary>
    public required RemoteServer Server { get; init; }

    /// <summary>
    /// What the pod sees, as mountinfo shows it: <c>server:/path</c>, <c>//server/share</c>, with a path behind it where one is wanted.
    /// </summary>
    public required string Source { get; init; }

    /// <summary>The mount's attributes, and the filesystem's parameters, without credentials.</summary>
    public required MountWords Words { get; init; }

    /// <summary>Reads a port.</summary>
    /// <exception cref="VolumeException">The text is not a port.</exception>
    private protected static ushort PortOf(string backend, string text, string name) =>
        ushort.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
            ? port
            : throw new VolumeException($"{backend}: {name} is \"{ShortText.Of(text)}\"; a TCP port is wanted");

    /// <summary>A value that is one word of a list divided by commas.</summary>
    /// <exception cref="VolumeException">It holds a comma.</exception>
    private protected static string Single(string backend, string key, string value) =>
        value.Contains(',', StringComparison.Ordinal)
            ? throw new VolumeException($"{backend}: option \"{key}\" contains a comma")
            : value.Trim();

    /// <summary>Security by Kerberos, which wants the node's help.</summary>
    public bool IsKerberos =>
        Words.Parameters.Any(static parameter =>
            parameter is { Key: "sec", Value: { } value } && value.StartsWith("krb5", StringComparison.Ordinal)
        );
}
