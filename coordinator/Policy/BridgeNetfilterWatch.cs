using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy;

/// <summary>
/// Looks once a second whether another process has switched off what <see cref="BridgeNetfilter"/> sets, as sysctl(8) does at the start of
/// libvirt or docker: the kernel does not notify of that. Two reads of /proc, 20 µs. In the process's own network namespace.
/// </summary>
internal sealed class BridgeNetfilterWatch : IDisposable
{
    private static readonly TimeSpan interval = TimeSpan.FromSeconds(1);

    private readonly Timer timer;

    /// <summary>Starts to look.</summary>
    /// <param name="lost">Called on another thread, and again each second while it is so.</param>
    public BridgeNetfilterWatch(Action lost) =>
        timer = new Timer(
            _ =>
            {
                if (IsOff())
                    lost();
            },
            null,
            interval,
            interval
        );

    // What cannot be read is found at the audit.
    private static bool IsOff()
    {
        try
        {
            return BridgeNetfilter.IsOff();
        }
        catch (ErrnoException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => timer.Dispose();
}
