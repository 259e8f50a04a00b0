using Plugboard.Linux;

namespace Plugboard.Netlink;

/// <summary>
/// A netlink request that the kernel refused: which message, on what, and why, in the kernel's own words where it gave any.
/// </summary>
/// <param name="call">The message's name, such as <c>RTM_NEWLINK</c>.</param>
/// <param name="subject">What it was about: a link's name or index, an address, a route.</param>
/// <param name="error">The kernel's refusal.</param>
public sealed class NetlinkException(string call, string subject, NetlinkError error)
    : ErrnoException(call, subject, error.Errno, Sentence(call, subject, error))
{
    /// <summary>The kernel's own sentence (extended ack); null if it gave none.</summary>
    public string? KernelMessage { get; } = error.Message;

    /// <summary>The attribute the kernel pointed at, as <c>IFLA_LINKINFO/IFLA_INFO_KIND</c>; null if it pointed at none.</summary>
    public string? Attribute { get; } = error.Attribute;

    private static string Sentence(string call, string subject, NetlinkError error)
    {
        var text = $"{call} {subject}: {Describe(error.Errno)}";
        if (error.Message is not null)
            text += $": {error.Message}";
        return error.Attribute is null ? text : $"{text} (at {error.Attribute})";
    }
}

/// <summary>The kernel's refusal of one request.</summary>
/// <param name="Errno">The error number.</param>
/// <param name="Message">The kernel's own sentence (extended ack, Linux 4.12); null if it gave none.</param>
/// <param name="Attribute">The attribute it points at, as <c>IFLA_LINKINFO/IFLA_INFO_KIND</c>; null if it points at none.</param>
public sealed record NetlinkError(Errno Errno, string? Message, string? Attribute);
