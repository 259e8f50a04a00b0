using Plugboard.Dhcp.Gob;
using Plugboard.Linux;
using Plugboard.Linux.Sockets;

namespace Plugboard.Dhcp.Daemon;

/// <summary>A plugin that has connected: Go's RPC over HTTP, one call after the other.</summary>
/// <param name="socket">The connection, which it owns.</param>
internal sealed class Connection(UnixSocket socket) : IDisposable
{
    private const int LongestHead = 4096;

    private readonly GobReader gob = new();
    private readonly RpcDefinitions sent = new();
    private readonly List<byte> head = [];
    private GobValue? request;
    private bool isGreeted;

    /// <summary>The socket.</summary>
    public UnixSocket Socket => socket;

    /// <summary>The call that is not answered yet; null: none.</summary>
    public RpcCall? Call { get; private set; }

    /// <summary>True once the other end has closed it, or has sent what is no RPC.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Reads what has come; the next call once all of it is there.</summary>
    public RpcCall? Read(Action<string> report)
    {
        try
        {
            var buffer = new byte[16 * 1024];
            while (!IsClosed && socket.TryReceive(buffer) is { } length)
            {
                if (length == 0)
                    IsClosed = true;
                else
                    Take(buffer.AsSpan(0, length));
            }

            return Call is null && isGreeted ? NextCall() : null;
        }
        catch (Exception e) when (e is GobException or ErrnoException)
        {
            if (e is GobException)
                report($"a client was closed: {e.Message}");
            IsClosed = true;
            return null;
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        if (isGreeted)
        {
            gob.Append(bytes);
            return;
        }

        head.AddRange(bytes);
        var all = head.ToArray();
        if (RpcCall.FindHead(all) is not var (length, first))
        {
            if (all.Length > LongestHead)
                throw new GobException("it sent no HTTP request");
            return;
        }

        if (!first.StartsWith("CONNECT ", StringComparison.Ordinal))
            throw new GobException("its HTTP request is no CONNECT");
        isGreeted = true;
        Send(RpcCall.Welcome);
        gob.Append(all.AsSpan(length));
    }

    private RpcCall? NextCall()
    {
        request ??= gob.TryRead();
        if (request is null || gob.TryRead() is not { } arguments)
            return null;
        Call = RpcCall.From(request, arguments);
        request = null;
        return Call;
    }

    /// <summary>Answers the call; false if the other end is gone.</summary>
    public bool Reply(string error, Protocols.Cni.CniResult? result)
    {
        var call = Call ?? throw new InvalidOperationException("no call is unanswered");
        Call = null;
        try
        {
            return Send(new RpcReply(call.Method, call.Sequence, error, result).Write(sent));
        }
        catch (ErrnoException)
        {
            IsClosed = true;
            return false;
        }
    }

    // An answer is smaller than a socket's buffer: a client that has left the ones before it unread gets no more.
    private bool Send(ReadOnlySpan<byte> bytes)
    {
        IsClosed |= socket.Send(bytes) < bytes.Length;
        return !IsClosed;
    }

    /// <summary>Marks it as closed: the daemon is done with it.</summary>
    public void Close() => IsClosed = true;

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
