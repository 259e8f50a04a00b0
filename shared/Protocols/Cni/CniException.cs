using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>A failure whose CNI meaning is known.</summary>
/// <param name="code">What kind of failure it is.</param>
/// <param name="message">The <c>msg</c> of the error object.</param>
/// <param name="details">The <c>details</c>: what to do about it. May be empty.</param>
/// <param name="inner">What caused it.</param>
public sealed class CniException(CniErrorCode code, string message, string details = "", Exception? inner = null)
    : Exception(Excerpt.OfMessage(message), inner)
{
    /// <summary>The kind of failure. A delegate's error may have a number without a name.</summary>
    public CniErrorCode Code { get; } = code;

    /// <summary>What to do about it; may be empty.</summary>
    public string Details { get; } = Excerpt.OfMessage(details);

    /// <summary>
    /// What to do about it where the error object is compared whole, because the reference has no details there: one line for standard
    /// error; empty otherwise.
    /// </summary>
    public string Advice
    {
        get;
        init => field = Excerpt.OfMessage(value);
    } = "";
}
