using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux.Files;

namespace Plugboard.Volumes.Remote;

/// <summary>
/// The TCP connections of this network namespace by their far ends, the kernel's own too. Source: /proc/net/tcp, proc_pid_net(5).
/// </summary>
public sealed class ServerConnections
{
    // include/net/tcp_states.h; the first is a connection that both ends have given up.
    private const string TimeWait = "06";
    private const string Closed = "07";

    private readonly Dictionary<IPAddr, SortedSet<ushort>> ports = [];

    private ServerConnections() { }

    /// <summary>Reads them.</summary>
    public static ServerConnections Read()
    {
        var connections = new ServerConnections();
        foreach (var path in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            using var file = FileDescriptor.FindForReading(path);
            if (file is not null)
                connections.Add(Encoding.ASCII.GetString(file.ReadToEnd()));
        }

        return connections;
    }

    /// <summary>Reads the text of such a file.</summary>
    internal static ServerConnections Parse(string text)
    {
        var connections = new ServerConnections();
        connections.Add(text);
        return connections;
    }

    /// <summary>The ports of an address to which there are connections, or to which one is being made, the lowest first.</summary>
    public IReadOnlyCollection<ushort> PortsTo(IPAddr address) => ports.GetValueOrDefault(address) ?? [];

    private void Add(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            // sl, local address, far address, state, …; the addresses are words in the machine's byte order, in hexadecimal.
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (
                fields.Length < 4
                || fields[3] is TimeWait or Closed
                || fields[2].Split(':') is not [{ Length: 8 or 32 } address, var written]
                || !ushort.TryParse(written, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var port)
                || port == 0
            )
                continue;
            if (!ports.TryGetValue(AddressOf(address), out var known))
                ports.Add(AddressOf(address), known = []);
            known.Add(port);
        }
    }

    private static IPAddr AddressOf(string words)
    {
        var bytes = Convert.FromHexString(words);
        for (var i = 0; i < bytes.Length; i += 4)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i), BitConverter.ToUInt32(bytes, i));
        var isMapped = bytes.Length == 16 && bytes.AsSpan(0, 10).IndexOfAnyExcept((byte)0) < 0 && bytes[10] == 0xff && bytes[11] == 0xff;
        return IPAddr.FromBytes(isMapped ? bytes.AsSpan(12) : bytes);
    }
}
