using System.Globalization;
using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Sockets;

namespace Plugboard.Firewall.Firewalld;

/// <summary>
/// A connection to the D-Bus system bus for calls, one after the other, with strings for arguments. Why it is not Tmds.DBus.Protocol:
/// docs/decisions/0042. Source: D-Bus Specification, Authentication Protocol and Message Bus Messages.
/// </summary>
internal sealed class SystemBus : IDisposable
{
    private const string Bus = "org.freedesktop.DBus";
    private const int LongestLine = 1024;

    private readonly LocalSocket socket;
    private uint serial;

    private SystemBus(LocalSocket socket) => this.socket = socket;

    /// <summary>Connects and introduces itself; null if no bus listens at the address.</summary>
    /// <param name="address">As in DBUS_SYSTEM_BUS_ADDRESS.</param>
    /// <param name="time">For the whole life of the connection.</param>
    /// <exception cref="BusException">The bus refuses this process, or does not answer.</exception>
    public static SystemBus? Find(string address, TimeSpan time)
    {
        foreach (var path in BusAddress.Sockets(address))
        {
            if (TryConnect(path, time) is not { } socket)
                continue;
            var bus = new SystemBus(socket);
            try
            {
                bus.Introduce();
                return bus;
            }
            catch
            {
                bus.Dispose();
                throw;
            }
        }

        return null;
    }

    private static LocalSocket? TryConnect(string path, TimeSpan time)
    {
        try
        {
            return LocalSocket.Connect(path, time);
        }
        catch (ErrnoException e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ECONNREFUSED or Errno.ENAMETOOLONG)
        {
            return null;
        }
        catch (ErrnoException e)
        {
            var name = e.Errno is Errno.EACCES or Errno.EPERM ? "org.freedesktop.DBus.Error.AccessDenied" : "";
            throw new BusException(name, $"the system bus cannot be reached: {e.Message}");
        }
    }

    private void Introduce() =>
        Told(() =>
        {
            var user = Convert.ToHexString(Encoding.ASCII.GetBytes(OwnProcess.EffectiveUser.ToString(CultureInfo.InvariantCulture)));
            socket.Send(Encoding.ASCII.GetBytes($"\0AUTH EXTERNAL {user}\r\n"));
            var answer = ReadLine();
            if (!answer.StartsWith("OK ", StringComparison.Ordinal))
                throw new BusException(Bus + ".Error.AuthFailed", $"the system bus refuses this process: {answer}");
            socket.Send("BEGIN\r\n"u8);
            Call(new BusCall(Bus, "/org/freedesktop/DBus", Bus, "Hello"));
            return true;
        });

    private string ReadLine()
    {
        var line = new StringBuilder();
        var next = new byte[1];
        while (line.Length < LongestLine && !(line.Length > 1 && line[^1] == '\n' && line[^2] == '\r'))
        {
            socket.ReceiveAll(next);
            line.Append((char)next[0]);
        }

        return line.ToString().TrimEnd();
    }

    /// <summary>True if a service has a name on the bus.</summary>
    /// <exception cref="BusException">The bus does not answer.</exception>
    public bool HasOwner(string name) => Call(new BusCall(Bus, "/org/freedesktop/DBus", Bus, "NameHasOwner", name)).IsTrue();

    /// <summary>Calls a method and waits for its answer.</summary>
    /// <exception cref="BusException">It failed, or no answer came.</exception>
    public BusReply Call(BusCall call) =>
        Told(() =>
        {
            socket.Send(call.ToBytes(++serial));
            while (true)
            {
                var reply = Receive();
                if (reply.ReplyTo != serial)
                    continue;
                return reply.ErrorName.Length == 0 ? reply : throw new BusException(reply.ErrorName, reply.FirstString());
            }
        });

    private BusReply Receive()
    {
        var header = new byte[BusReply.HeaderSize];
        socket.ReceiveAll(header);
        var message = new byte[header.Length + BusReply.RestAfter(header)];
        header.CopyTo(message, 0);
        socket.ReceiveAll(message.AsSpan(header.Length));
        return BusReply.Parse(message);
    }

    private static T Told<T>(Func<T> talk)
    {
        try
        {
            return talk();
        }
        catch (ErrnoException e)
        {
            throw new BusException(
                "",
                e.Errno == Errno.ETIMEDOUT ? "the system bus gave no answer in time" : $"the system bus: {e.Message}"
            );
        }
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
