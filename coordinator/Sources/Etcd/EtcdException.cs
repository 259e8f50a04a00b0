using Plugboard.Addresses;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>etcd refused a request, or no server answered it, or with what is no answer.</summary>
/// <param name="message">A sentence.</param>
/// <param name="code">gRPC's code, where etcd told one.</param>
/// <param name="inner">What it came from.</param>
internal sealed class EtcdException(string message, int code = 0, Exception? inner = null) : Exception(Excerpt.OfMessage(message), inner)
{
    /// <summary>gRPC's UNKNOWN.</summary>
    public const int Unknown = 2;

    /// <summary>gRPC's UNAVAILABLE: this server cannot answer just now.</summary>
    public const int Unavailable = 14;

    /// <summary>gRPC's NOT_FOUND: for a change, the lease that it named has ended.</summary>
    public const int NotFound = 5;

    private const int UnauthenticatedCode = 16;

    /// <summary>gRPC's code; 0: none was told.</summary>
    public int Code { get; } = code;

    /// <summary>The token has ended, or never was one.</summary>
    public bool IsUnauthenticated => Code == UnauthenticatedCode || Message.Contains("invalid auth token", StringComparison.Ordinal);
}
