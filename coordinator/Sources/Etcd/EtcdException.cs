using Plugboard.Addresses;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>etcd refused a request, no server answered, or the answer is not valid.</summary>
/// <param name="message">A sentence.</param>
/// <param name="code">gRPC's status code, if etcd sent one.</param>
/// <param name="inner">The cause.</param>
internal sealed class EtcdException(string message, int code = 0, Exception? inner = null) : Exception(Excerpt.OfMessage(message), inner)
{
    /// <summary>gRPC's UNKNOWN.</summary>
    public const int Unknown = 2;

    /// <summary>gRPC's UNAVAILABLE: this server cannot answer just now.</summary>
    public const int Unavailable = 14;

    /// <summary>gRPC's NOT_FOUND: for a change, the lease that it named has ended.</summary>
    public const int NotFound = 5;

    /// <summary>gRPC's FAILED_PRECONDITION.</summary>
    public const int FailedPrecondition = 9;

    private const int UnauthenticatedCode = 16;

    /// <summary>gRPC's status code; 0 if etcd sent none.</summary>
    public int Code { get; } = code;

    /// <summary>
    /// The token is not accepted: it expired, users or rights changed since it was issued, or the request had no token and etcd requires
    /// one.
    /// </summary>
    public bool IsUnauthenticated =>
        Code == UnauthenticatedCode
        || Array.Exists(
            ["invalid auth token", "revision of auth store is old", "user name is empty"],
            words => Message.Contains(words, StringComparison.Ordinal)
        );

    /// <summary>Users and passwords are not in use on this etcd.</summary>
    public bool IsWithoutUsers => Message.Contains("authentication is not enabled", StringComparison.Ordinal);
}
