using System.Net.Sockets;
using System.Text;

namespace Plugboard.Coordinator.Cli;

/// <summary>One connection to the status server: reads a request, sends the answer, and lets the other side read it to its end.</summary>
internal sealed class StatusConnection : IDisposable
{
    private const int FirstBytes = 1024;
    private const int MostBytes = 8 * 1024;
    private const int MostRemaining = 64 * 1024;

    // kubelet's probe waits one second by default, and sends its request at once.
    private static readonly TimeSpan forRequest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan forAnswer = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan forEnd = TimeSpan.FromMilliseconds(500);

    private readonly Socket socket;
    private readonly CancellationTokenSource limit;
    private volatile bool isIdle = true;

    public StatusConnection(Socket socket, CancellationToken ending)
    {
        this.socket = socket;
        limit = CancellationTokenSource.CreateLinkedTokenSource(ending);
    }

    /// <summary>It has not asked yet, or has its answer.</summary>
    public bool IsIdle => isIdle;

    /// <summary>Serves the one request; ends without a word where the other side is gone or too slow.</summary>
    /// <param name="answer">Makes the answer to a request's head; of null, which is too long.</param>
    public async Task ServeAsync(Func<string?, byte[]> answer)
    {
        try
        {
            limit.CancelAfter(forRequest);
            var (head, isTooLong) = await ReadAsync().ConfigureAwait(false);
            if (head.Length == 0)
                return;
            isIdle = false;
            limit.CancelAfter(forAnswer);
            ReadOnlyMemory<byte> rest = answer(isTooLong ? null : head);
            while (!rest.IsEmpty)
                rest = rest[await socket.SendAsync(rest, limit.Token).ConfigureAwait(false)..];
            socket.Shutdown(SocketShutdown.Send);
            isIdle = true;
            limit.CancelAfter(forEnd);
            await DrainAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Whoever asked is gone or too slow, another one needs the place, or the server ends.
        }
    }

    /// <summary>Another one needs its place.</summary>
    public void End()
    {
        try
        {
            limit.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It just ended.
        }
    }

    // The first line and the headers; what there is of them where the other side ends there.
    private async Task<(string Head, bool IsTooLong)> ReadAsync()
    {
        var buffer = new byte[FirstBytes];
        var length = 0;
        while (true)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(length), limit.Token).ConfigureAwait(false);
            length += count;
            var read = buffer.AsSpan(0, length);
            if (count == 0 || read.IndexOf("\r\n\r\n"u8) >= 0 || read.IndexOf("\n\n"u8) >= 0)
                return (Encoding.ASCII.GetString(read), IsTooLong: false);
            if (length == MostBytes)
                return (Encoding.ASCII.GetString(read), IsTooLong: true);
            if (length == buffer.Length)
                Array.Resize(ref buffer, Math.Min(length * 4, MostBytes));
        }
    }

    // A connection that is closed while there are bytes to read is reset, and the answer may be lost with it: a body, or the next requests.
    private async Task DrainAsync()
    {
        var buffer = new byte[FirstBytes];
        for (var total = 0; total < MostRemaining; )
        {
            var count = await socket.ReceiveAsync(buffer, limit.Token).ConfigureAwait(false);
            if (count == 0)
                return;
            total += count;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        limit.Dispose();
    }
}
