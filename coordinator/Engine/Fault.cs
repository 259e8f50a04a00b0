using Plugboard.Linux;
using Plugboard.Netlink;

namespace Plugboard.Coordinator.Engine;

/// <summary>An exception in words for the operator.</summary>
internal static class Fault
{
    /// <summary>What the kernel refused is a sentence already; of what nobody foresaw the kind is told too.</summary>
    public static string Describe(Exception e) =>
        e is ErrnoException or NetlinkFormatException ? e.Message : $"{e.GetType().Name}: {e.Message}";
}
