using System.Globalization;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Client6;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Dhcp.Daemon;

/// <summary>
/// A lease as its file has it: who asked for it, with which config, and the acknowledgement as the server sent it, which all else is
/// computed from. A line for each: a word, a blank, the value; what may have any byte is in Base64. Pure.
/// </summary>
internal sealed record LeaseRecord
{
    private const string FirstLine = "dhcp lease 1";

    /// <summary>The owner.</summary>
    public required Attachment Owner { get; init; }

    /// <summary>The path of the pod's namespace, as the runtime named it.</summary>
    public required string NetNs { get; init; }

    /// <summary>CNI_ARGS of the ADD.</summary>
    public required string Args { get; init; }

    /// <summary>The network config of the ADD.</summary>
    public required byte[] Config { get; init; }

    /// <summary>The interface's hardware address.</summary>
    public required MacAddress Hardware { get; init; }

    /// <summary>The host's link by which the pod's network is reached when its namespace is gone; empty: unknown.</summary>
    public required string HostLink { get; init; }

    /// <summary>When the acknowledgement came, in milliseconds of <see cref="Linux.BootClock"/>.</summary>
    public required long Acquired { get; init; }

    /// <summary>The hardware address that it came from.</summary>
    public required MacAddress ServerHardware { get; init; }

    /// <summary>The acknowledgement.</summary>
    public required byte[] Ack { get; init; }

    /// <summary>When the REPLY of DHCPv6 came, in the same time; 0 if absent.</summary>
    public long Acquired6 { get; init; }

    /// <summary>The link-local address that the client of DHCPv6 has; null: unknown.</summary>
    public IPAddr? LinkLocal { get; init; }

    /// <summary>The REPLY of DHCPv6; empty if absent.</summary>
    public byte[] Reply6 { get; init; } = [];

    /// <summary>The ADD still waited for the other family's lease.</summary>
    public bool IsPending { get; init; }

    /// <summary>The lease by DHCPv6; null if the REPLY gives none.</summary>
    public Lease6? FindLease6(bool isStateless) =>
        Dhcp6Reader.Read(Reply6) is { } reply ? Lease6.From(reply, Client6Profile.From(Owner, isStateless), null, Acquired6, out _) : null;

    /// <summary>The lease; null if the acknowledgement gives none.</summary>
    public Lease? FindLease() => DhcpReader.Read(Ack) is { } ack ? Lease.From(ack, ServerHardware, Acquired, out _) : null;

    /// <summary>The file's content.</summary>
    public byte[] ToContent() =>
        Encoding.UTF8.GetBytes(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                {FirstLine}
                container {Owner.ContainerId}
                network {Owner.Network}
                interface {Owner.IfName}
                netns {NetNs}
                hardware {Hardware}
                server {ServerHardware}
                link {HostLink}
                acquired {Acquired}
                args {Convert.ToBase64String(Encoding.UTF8.GetBytes(Args))}
                config {Convert.ToBase64String(Config)}
                ack {Convert.ToBase64String(Ack)}

                """
            ) + ToFurtherLines()
        );

    // A lease of IPv4 alone has none, so that its file is that of the version before.
    private string ToFurtherLines()
    {
        var pending = IsPending ? "pending true\n" : "";
        return Reply6.Length == 0
            ? pending
            : string.Create(
                CultureInfo.InvariantCulture,
                $"acquired6 {Acquired6}\nlocal6 {LinkLocal}\nreply6 {Convert.ToBase64String(Reply6)}\n{pending}"
            );
    }

    /// <summary>The record of a content; null if it is invalid, or of another version.</summary>
    public static LeaseRecord? Parse(ReadOnlySpan<byte> content)
    {
        var lines = Encoding.UTF8.GetString(content).Split('\n');
        if (lines[0] != FirstLine)
            return null;
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines.AsSpan(1))
        {
            var blank = line.IndexOf(' ');
            if (blank > 0)
                values[line[..blank]] = line[(blank + 1)..];
        }

        if (!MacAddress.TryParse(Value("hardware"), out var hardware) || !MacAddress.TryParse(Value("server"), out var server))
            return null;
        if (!long.TryParse(Value("acquired"), NumberStyles.None, CultureInfo.InvariantCulture, out var acquired))
            return null;
        var isAcquired6 = long.TryParse(Value("acquired6"), NumberStyles.None, CultureInfo.InvariantCulture, out var acquired6);
        if (Bytes("args") is not { } args || Bytes("config") is not { } config || Bytes("ack") is not { } ack)
            return null;
        return new LeaseRecord
        {
            Owner = new Attachment(Value("network"), Value("container"), Value("interface")),
            NetNs = Value("netns"),
            Args = Encoding.UTF8.GetString(args),
            Config = config,
            Hardware = hardware,
            HostLink = Value("link"),
            Acquired = acquired,
            ServerHardware = server,
            Ack = ack,
            Acquired6 = acquired6,
            LinkLocal = IPAddr.TryParse(Value("local6"), out var local) && local.Is6 ? local : null,
            Reply6 = isAcquired6 ? Bytes("reply6") ?? [] : [],
            IsPending = Value("pending") == "true",
        };

        string Value(string key) => values.GetValueOrDefault(key, "");
        byte[]? Bytes(string key) => values.TryGetValue(key, out var text) ? FromBase64(text) : null;
    }

    private static byte[]? FromBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }
}
