using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Names;
using Plugboard.Linux.Sockets;

namespace Plugboard.Volumes.Remote;

/// <summary>A server that volumes are mounted from.</summary>
/// <param name="Name">Its name or address, as the volume's author wrote it.</param>
/// <param name="Port">The TCP port it serves on.</param>
public sealed record RemoteServer(string Name, ushort Port)
{
    private static readonly TimeSpan answerTime = TimeSpan.FromSeconds(3);

    /// <summary>Its address.</summary>
    /// <exception cref="VolumeException">Nobody knows the name.</exception>
    public IPAddr Resolve(string backend) => HostNames.Find(Name)
        ?? throw new VolumeException($"{backend}: the name of server \"{Name}\" is not known on the node (its /etc/hosts and name servers); use an address or a name that the node knows");

    /// <summary>Whether it answers, as far as a TCP connection tells: <see cref="Errno.None"/> where it does. Takes three seconds at most.</summary>
    public Errno Probe(IPAddr address) => InternetSocket.TryConnect(address, Port, answerTime);

    /// <summary>What <see cref="Probe"/> found, in words: <c>TCP 2049 connect: timed out</c>.</summary>
    public string Describe(Errno errno) => string.Create(CultureInfo.InvariantCulture, $"TCP {Port} connect: {Words(errno)}");

    private static string Words(Errno errno) => errno switch
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
        throw new VolumeException(errno switch
        {
            Errno.ECONNREFUSED => $"{backend}: nothing listens on {where} ({Describe(errno)}); is the server's service running?",
            Errno.ETIMEDOUT => $"{backend}: server {Name} did not answer within {answerTime.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s ({Describe(errno)})",
            _ => $"{backend}: server {where} cannot be reached ({Describe(errno)})",
        });
    }

    /// <summary>Refuses a server that the administrator does not allow.</summary>
    /// <exception cref="VolumeException">It is not allowed.</exception>
    public void RequireAllowed(string backend, VolumePolicy policy)
    {
        if (Name.Length == 0 || Name.StartsWith('-') || Name.AsSpan().IndexOfAny(" ,/\\\0") >= 0)
            throw new VolumeException($"{backend}: \"{Name}\" is no server's name");
        foreach (var allowed in policy.Servers ?? ["*"])
        {
            if (allowed.EndsWith('*') ? Name.StartsWith(allowed[..^1], StringComparison.OrdinalIgnoreCase) : Name.Equals(allowed, StringComparison.OrdinalIgnoreCase))
                return;
        }

        throw new VolumeException($"{backend}: server \"{Name}\" is not among the allowed servers (node config)");
    }
}
