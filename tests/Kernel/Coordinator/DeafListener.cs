using Plugboard.Coordinator.Engine;
using Plugboard.Linux;
using Plugboard.Netlink.Route;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>A listener of the kernel's that breaks when a test says so, and can be opened again when it says so.</summary>
internal sealed class DeafListener
{
    private readonly NotificationListeners kernel = new();
    private volatile NotificationListener<RouteChange>? open;
    private volatile bool isBroken;
    private int openings;

    /// <summary>How often it was opened, or was tried to be.</summary>
    public int Openings => Volatile.Read(ref openings);

    /// <summary>True: it cannot be opened, and what is open breaks.</summary>
    public bool IsBroken
    {
        get => isBroken;
        set
        {
            isBroken = value;
            if (value)
                open?.Stop();
        }
    }

    /// <summary>To listen by.</summary>
    public NotificationListener<RouteChange> Open()
    {
        Interlocked.Increment(ref openings);
        ThrowIfBroken();
        var real = kernel.Network()!;
        open = real;
        return real with
        {
            Receive = () =>
            {
                var notifications = real.Receive();
                ThrowIfBroken();
                return notifications;
            },
        };
    }

    private void ThrowIfBroken()
    {
        if (isBroken)
            throw new ErrnoException("recv", "netlink socket", Errno.EBADF);
    }
}
