using Plugboard.Linux;
using Plugboard.Netlink;

namespace Plugboard.Coordinator.Engine;

/// <summary>An exception in words for the operator.</summary>
internal static class Fault
{
    /// <summary>A sentence: the kernel's message, or the kind of an unexpected exception with its message.</summary>
    public static string Describe(Exception e) =>
        e is ErrnoException or NetlinkFormatException ? e.Message : $"{e.GetType().Name}: {e.Message}";
}
