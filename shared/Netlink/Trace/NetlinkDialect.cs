namespace Plugboard.Netlink.Trace;

/// <summary>The words of one netlink family, for errors and the trace: nothing else depends on it.</summary>
public abstract class NetlinkDialect
{
    /// <summary>A message's name, as <c>RTM_NEWLINK</c>; a number where it is not known.</summary>
    public abstract string MessageName(ushort type);

    /// <summary>
    /// The names of the flags that mean something else in each message, from 0x100 up, as <c>CREATE|EXCL</c>; empty for none.
    /// </summary>
    public abstract string FlagNames(ushort type, ushort flags);

    /// <summary>The fixed part in words.</summary>
    /// <param name="type">The message's type.</param>
    /// <param name="payload">The message without its nlmsghdr; it may be too short.</param>
    public abstract string DescribeHeader(ushort type, ReadOnlySpan<byte> payload);

    /// <summary>The message's attributes; null if they are not known.</summary>
    /// <param name="type">The message's type.</param>
    /// <param name="payload">The message without its nlmsghdr: an address family in its first byte may decide.</param>
    public abstract AttributeSchema? Schema(ushort type, ReadOnlySpan<byte> payload);
}
