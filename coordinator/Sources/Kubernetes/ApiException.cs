using System.Net;
using Plugboard.Addresses;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>The API refused a request, or could not be reached.</summary>
internal sealed class ApiException(string message, Exception? inner = null) : Exception(Excerpt.OfMessage(message), inner)
{
    /// <summary>The answer's status, or the one within an ERROR event; 0: there was no answer.</summary>
    public int Status { get; init; }

    /// <summary>The API's word for it, as <c>Expired</c>; empty: none.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The server's Retry-After; null if absent.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The requested version was compacted: list again.</summary>
    public bool IsGone => Status == (int)HttpStatusCode.Gone || Reason is "Expired" or "Gone";

    /// <summary>The server does not have that version yet: list without one.</summary>
    public bool IsTooNew => Reason == "ResourceVersionTooLarge";

    /// <summary>This node may not do that.</summary>
    public bool IsForbidden => Status == (int)HttpStatusCode.Forbidden;

    /// <summary>The server has no such path: it does not serve the kind, or not in this version.</summary>
    public bool IsNotServed => Status == (int)HttpStatusCode.NotFound;

    /// <summary>The token is not accepted.</summary>
    public bool IsUnauthorized => Status == (int)HttpStatusCode.Unauthorized;

    /// <summary>A connection ended or was never made: nothing was refused.</summary>
    public bool IsConnection => Status == 0;
}
