using Plugboard.Linux.Files;

namespace Plugboard.Netlink.Trace;

/// <summary>Prints every message sent and received.</summary>
internal sealed class NetlinkTrace(NetlinkDialect dialect, Action<string> sink)
{
    private const string Variable = "PLUGBOARD_TRACE";

    /// <summary>
    /// Standard error when <c>PLUGBOARD_TRACE</c> holds the word <c>netlink</c> (words are divided by commas), else null.
    /// </summary>
    public static Action<string>? SinkFromEnvironment() => SinkFor(Environment.GetEnvironmentVariable(Variable));

    internal static Action<string>? SinkFor(string? value)
    {
        if (string.IsNullOrEmpty(value))
            return null;
        foreach (var word in value.Split(','))
        {
            if (word == "netlink")
                return StandardError.WriteLine;
        }

        return null;
    }

    public void Sent(ReadOnlySpan<byte> datagram) => sink(NetlinkDump.Describe("> ", datagram, dialect));

    public void Received(ReadOnlySpan<byte> datagram) => sink(NetlinkDump.Describe("< ", datagram, dialect));
}
