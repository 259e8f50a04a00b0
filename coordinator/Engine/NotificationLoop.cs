using Plugboard.Coordinator.Sources;
using Plugboard.Netlink;

namespace Plugboard.Coordinator.Engine;

/// <summary>
/// Listens to one kind of kernel notifications on its own thread. After a failure it logs one line, reports possible missed notifications
/// as lost, and opens the listener again, in the network namespace of the thread that made it.
/// </summary>
internal sealed class NotificationLoop<T> : IDisposable
{
    private readonly string name;
    private readonly Func<NotificationListener<T>?> open;
    private readonly Action<NetlinkNotifications<T>> take;
    private readonly Action<string> log;
    private readonly Lock changing = new();
    private readonly ManualResetEvent ending = new(initialState: false);
    private readonly RetryPause pause = RetryPause.OfNode();
    private readonly Thread thread;
    private NotificationListener<T>? listener;
    private bool isStopped;
    private bool isAbsent;
    private string? told;
    private long faultCount;

    /// <summary>Starts to listen; a listener that cannot be opened now is opened later.</summary>
    /// <param name="name">The subject of the notifications, for people.</param>
    /// <param name="open">Opens a listener; null if the kernel does not have the subsystem.</param>
    /// <param name="take">Gets the notifications, on the listening thread.</param>
    /// <param name="log">Gets a line when it fails.</param>
    public NotificationLoop(string name, Func<NotificationListener<T>?> open, Action<NetlinkNotifications<T>> take, Action<string> log)
    {
        this.name = name;
        this.open = open;
        this.take = take;
        this.log = log;
        thread = new Thread(Listen) { IsBackground = true, Name = name };
        // Opened before the first reading: no notification is missed in between.
        Try(() => Replace(open()));
        thread.Start();
    }

    /// <summary>How often it failed since the start.</summary>
    public long FaultCount => Interlocked.Read(ref faultCount);

    private void Listen()
    {
        while (!ending.WaitOne(TimeSpan.Zero) && !isAbsent)
        {
            if (!Try(HearOnce))
                ending.WaitOne(pause.Take());
        }
    }

    private void HearOnce()
    {
        if (listener is null)
        {
            Replace(open());
            // Notifications of the time without a listener are lost.
            take(new NetlinkNotifications<T>([], Lost: true));
        }

        if (listener is not { } hearing)
            return;
        take(hearing.Receive());
        pause.Reset();
        if (told is not null && !ending.WaitOne(TimeSpan.Zero))
            log($"notifications about {name} arrive again");
        told = null;
    }

    private bool Try(Action act)
    {
        try
        {
            act();
            return true;
        }
#pragma warning disable CA1031 // Whatever it is: an exception on a thread of its own would end the process.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.Increment(ref faultCount);
            Close();
            var text = Fault.Describe(e);
            if (text != told)
                log($"notifications about {name} failed; each retry compares everything: {text}");
            told = text;
            take(new NetlinkNotifications<T>([], Lost: true));
            return false;
        }
    }

    private void Replace(NotificationListener<T>? opened)
    {
        lock (changing)
        {
            listener = opened;
            isAbsent = opened is null;
            // A listener that was opened after Stop must be stopped as well.
            if (isStopped)
                opened?.Stop();
        }
    }

    private void Close()
    {
        lock (changing)
        {
            listener?.Socket.Dispose();
            listener = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ending.Set();
        lock (changing)
        {
            isStopped = true;
            listener?.Stop();
        }

        thread.Join();
        Close();
        ending.Dispose();
    }
}
