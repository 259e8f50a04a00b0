using Plugboard.Coordinator.Sources;
using Plugboard.Netlink;

namespace Plugboard.Coordinator.Engine;

/// <summary>
/// Listens to one kind of the kernel's notifications on a thread of its own. Where that fails it is told once, what may have been missed counts as
/// lost, and it is opened anew, in the namespace of the thread that made it.
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

    /// <summary>Listens from now on; what cannot be opened now is opened later.</summary>
    /// <param name="name">Of what it hears, for people.</param>
    /// <param name="open">Opens a listener; null: the kernel has none of the kind.</param>
    /// <param name="take">Gets what is heard, on the thread that listens.</param>
    /// <param name="log">Gets a line where it fails.</param>
    public NotificationLoop(string name, Func<NotificationListener<T>?> open, Action<NetlinkNotifications<T>> take, Action<string> log)
    {
        this.name = name;
        this.open = open;
        this.take = take;
        this.log = log;
        thread = new Thread(Listen) { IsBackground = true, Name = name };
        // Before anybody reads what there is: nothing is missed between.
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
            // What happened meanwhile nobody heard.
            take(new NetlinkNotifications<T>([], Lost: true));
        }

        if (listener is not { } hearing)
            return;
        take(hearing.Receive());
        pause.Reset();
        if (told is not null && !ending.WaitOne(TimeSpan.Zero))
            log($"changes of {name} are heard again");
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
                log($"changes of {name} cannot be heard, so all is looked at each time that it is tried again: {text}");
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
            // It is to end, and what was not open then could not be told.
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
