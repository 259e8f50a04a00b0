using System.Net.Sockets;

namespace Plugboard.Coordinator.Operators;

/// <summary>
/// One coordinator per network namespace: two with different lists would undo each other's work. It is an abstract socket's name, which is the namespace's, needs no file, and ends with
/// its holder however that ends. Source: unix(7).
/// </summary>
internal sealed class OnlyOne : IDisposable
{
    private const string Name = "plugboard-coordinator";
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(50);

    private readonly Socket socket;

    private OnlyOne(Socket socket) => this.socket = socket;

    /// <summary>Takes the place; one that is ending is waited for.</summary>
    /// <exception cref="SettingException">Another one runs.</exception>
    public static OnlyOne Take(TimeSpan patience)
    {
        var began = TimeProvider.System.GetTimestamp();
        using var never = new ManualResetEventSlim();
        while (true)
        {
            var candidate = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                candidate.Bind(new UnixDomainSocketEndPoint("\0" + Name));
                return new OnlyOne(candidate);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                candidate.Dispose();
                if (TimeProvider.System.GetElapsedTime(began) > patience)
                    throw new SettingException($"another coordinator runs on this node (it holds @{Name}: ss -xlp tells which process); end it first");
                never.Wait(pause);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
