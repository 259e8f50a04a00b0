using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Names;
using Plugboard.Linux.Sockets;
using Plugboard.Volumes.Options;

namespace Plugboard.Volumes.Remote;

/// <summary>A server that volumes are mounted from.</summary>
/// <param name="Name">Its name or address, as the volume's author wrote it, without brackets.</param>
/// <param name="Port">The port it serves on.</param>
public sealed record RemoteServer(string Name, ushort Port)
{
    private static readonly TimeSpan answerTime = TimeSpan.FromSeconds(3);

    /// <summary>Its address, where the volume's author gave that besides the name; null: the name is looked up.</summary>
    public IPAddr? Address { get; init; }

    /// <summary>True for a server on TCP: a connection shows whether it answers. A server on UDP or RDMA is not probed.</summary>
    public bool IsTcp { get; init; } = true;

    /// <summary>
    /// A server by what a volume's author wrote: white space around it and brackets around an IPv6 address are not part of the name.
    /// </summary>
    public static RemoteServer Of(string written, ushort port)
    {
        var name = written.Trim();
        return new RemoteServer(name.StartsWith('[') && name.EndsWith(']') ? name[1..^1] : name, port);
    }

    /// <summary>Its address.</summary>
    /// <exception cref="VolumeException">The name is unknown.</exception>
    public IPAddr Resolve(string backend) =>
        Address
        ?? HostNames.Find(Name)
        ?? throw new VolumeException(
            Name.Contains('%', StringComparison.Ordinal)
                ? $"{backend}: server \"{Name}\" is an address with an interface, which is not supported; use a global address or a name"
                : $"{backend}: server \"{Name}\" cannot be resolved on the node (by its /etc/hosts and name servers); "
                    + "use an address or another name"
        );

    /// <summary>
    /// Whether it answers, as far as a TCP connection shows: <see cref="Errno.None"/> if it does, or if it cannot be probed. Takes three
    /// seconds at most.
    /// </summary>
    public Errno Probe(IPAddr address) => IsTcp ? InternetSocket.TryConnect(address, Port, answerTime) : Errno.None;

    /// <summary>What <see cref="Probe"/> found, in words: <c>TCP 2049 connect: timed out</c>.</summary>
    public string Describe(Errno errno) =>
        IsTcp
            ? string.Create(CultureInfo.InvariantCulture, $"TCP {Port} connect: {Words(errno)}")
            : "not probed, because it does not use TCP";

    private static string Words(Errno errno) =>
        errno switch
        {
            Errno.None => "ok",
            Errno.ETIMEDOUT => "timed out",
            Errno.ECONNREFUSED => "refused",
            _ => ErrnoException.Sentence(errno),
        };

    /// <summary>Refuses a server that does not answer: the kernel would wait for it for minutes.</summary>
    /// <exception cref="VolumeException">It does not.</exception>
    public void RequireAnswer(string backend, IPAddr address)
    {
        var errno = Probe(address);
        if (errno == Errno.None)
            return;
        var where = string.Create(CultureInfo.InvariantCulture, $"{Name}:{Port}");
        throw new VolumeException(
            errno switch
            {
                Errno.ECONNREFUSED => $"{backend}: connection refused by {where} ({Describe(errno)}); is the server's service running?",
                Errno.ETIMEDOUT => $"{backend}: server {Name} did not answer within "
                    + $"{answerTime.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s ({Describe(errno)})",
                _ => $"{backend}: server {where} cannot be reached ({Describe(errno)})",
            }
        );
    }

    /// <summary>Refuses a server that the administrator does not allow.</summary>
    /// <exception cref="VolumeException">It is not allowed.</exception>
    public void RequireAllowed(string backend, VolumePolicy policy)
    {
        if (Name.Length == 0 || Name.StartsWith('-') || Name.AsSpan().IndexOfAny(" ,/\\\0") >= 0 || Name.AsSpan().IndexOfAny('[', ']') >= 0)
            throw new VolumeException($"{backend}: \"{ShortText.Of(Name)}\" is not a server name{FindHint()}");
        if (FindAddition() is { } addition)
            throw new VolumeException($"{backend}: {addition}");
        RequireAllowed(backend, policy, Name);
        // Another name for the same address must not give access to a server that is not allowed.
        if (Address is { } address)
            RequireAllowed(backend, policy, address.ToString());
    }

    // What people write into the option of the server besides it.
    private string FindHint() =>
        Name.Contains("://", StringComparison.Ordinal) ? " but a URL; write the server alone, and the path into option \"share\""
        : Name.Contains(":/", StringComparison.Ordinal) ? "; write the server alone, and the path behind the colon into option \"share\""
        : Name.Trim(' ', ',').AsSpan().IndexOfAny(' ', ',') > 0 ? "; write one server, not several"
        : "";

    // What people write around a name in URLs. A password is not repeated: pods' events show the message.
    private string? FindAddition()
    {
        if (Name.LastIndexOf('@') is >= 0 and var at)
            return $"the server is written with a user before \"@{ShortText.Of(Name[(at + 1)..])}\"; write the server alone, and user and "
                + "password into the Secret";
        // An interface behind an address has a message of its own.
        if (!Name.Contains(':', StringComparison.Ordinal) || Name.Contains('%', StringComparison.Ordinal) || IPAddr.TryParse(Name, out _))
            return null;
        var colon = Name.IndexOf(':', StringComparison.Ordinal);
        var (host, rest) = (ShortText.Of(Name[..colon]), ShortText.Of(Name[(colon + 1)..]));
        return ushort.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? $"server \"{host}:{rest}\" is written with a port; write \"{host}\", and {rest} into option \"port\""
            : $"server \"{host}:{rest}\" is neither a name nor an IPv6 address";
    }

    private static void RequireAllowed(string backend, VolumePolicy policy, string name)
    {
        foreach (var allowed in policy.Servers ?? ["*"])
        {
            if (allowed.EndsWith('*') ? name.StartsWith(allowed[..^1], StringComparison.OrdinalIgnoreCase) : IsSame(allowed, name))
                return;
        }

        throw new VolumeException($"{backend}: server \"{ShortText.Of(name)}\" is not among the allowed servers (node config)");
    }

    // An IPv6 address has many texts.
    private static bool IsSame(string allowed, string name) =>
        name.Equals(allowed, StringComparison.OrdinalIgnoreCase)
        || (IPAddr.TryParse(allowed.Trim('[', ']'), out var one) && IPAddr.TryParse(name, out var other) && one == other);
}
