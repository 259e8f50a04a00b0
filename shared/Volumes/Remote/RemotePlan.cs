using Plugboard.Volumes.Options;

namespace Plugboard.Volumes.Remote;

/// <summary>What the options of a volume on a server come to.</summary>
internal abstract record RemotePlan
{
    /// <summary>The server.</summary>
    public required RemoteServer Server { get; init; }

    /// <summary>What the pod sees, as mountinfo shows it: <c>server:/path</c>, <c>//server/share</c>, with a path behind it where one is wanted.</summary>
    public required string Source { get; init; }

    /// <summary>What the mount gets, and the filesystem is told, without what the Secret holds.</summary>
    public required MountWords Words { get; init; }

    /// <summary>Security by Kerberos, which wants the node's help.</summary>
    public bool IsKerberos => Words.Parameters.Any(static parameter => parameter is { Key: "sec", Value: { } value } && value.StartsWith("krb5", StringComparison.Ordinal));
}
