using Plugboard.Linux;
using Plugboard.Linux.Sockets;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>A socket to the kernel that fails when a test says so.</summary>
internal sealed class FaultySocket(IDatagramSocket inner) : IDatagramSocket
{
    private volatile Errno fault;
    private int refusals;
    private int requests;

    /// <summary>What each request is refused with; None: the kernel is asked.</summary>
    public Errno Fault
    {
        get => fault;
        set => fault = value;
    }

    /// <summary>How many were refused.</summary>
    public int Refusals => Volatile.Read(ref refusals);

    /// <summary>How many were sent to the kernel.</summary>
    public int Requests => Volatile.Read(ref requests);

    public uint PortId => inner.PortId;

    public void Send(ReadOnlySpan<byte> datagram)
    {
        if (fault != Errno.None)
        {
            Interlocked.Increment(ref refusals);
            throw new ErrnoException("send", "netlink socket", fault);
        }

        Interlocked.Increment(ref requests);
        inner.Send(datagram);
    }

    public void MakeRoom(int bytes) => inner.MakeRoom(bytes);

    public int Receive(ref byte[] buffer) => inner.Receive(ref buffer);

    public bool WaitForInput(TimeSpan timeout, StopSignal? stop = null) => inner.WaitForInput(timeout, stop);

    public void Dispose() => inner.Dispose();
}
