using System.Runtime.InteropServices;
using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Daemon;

/// <summary>What the clients of one attachment share.</summary>
/// <param name="Holder">The attachment's leases.</param>
/// <param name="Network">The pod's interface.</param>
/// <param name="Config">What is asked for.</param>
/// <param name="Options">The daemon's own.</param>
/// <param name="Events">What happens to a lease.</param>
internal sealed record ClientParts(LeaseHolder Holder, PodNetwork Network, DhcpConfig Config, DaemonOptions Options, LeaseEvents Events);

/// <summary>An attachment's client of one address family with its effects. A socket is open only during an exchange.</summary>
/// <param name="parts">What it shares with the client of the other family.</param>
internal abstract class FamilyClient(ClientParts parts) : IDisposable
{
    // The plugin puts the first address on the interface; a later one, or one that was lost, is the daemon's to put there.
    private bool isLost;

    /// <summary>The attachment's leases.</summary>
    public LeaseHolder Holder => parts.Holder;

    /// <summary>What it shares with the client of the other family.</summary>
    protected ClientParts Parts => parts;

    /// <summary>When it next does something by itself.</summary>
    public abstract long Due { get; }

    /// <summary>The socket that it waits for; null if it waits for none.</summary>
    public abstract SafeHandle? Socket { get; }

    /// <summary>True if it has what it was started for.</summary>
    public abstract bool IsComplete { get; }

    /// <summary>The lease in words, such as <c>10.0.0.5/24 from 10.0.0.1, for 3600 s</c>; null without one.</summary>
    public abstract string? Description { get; }

    /// <summary>What the plugin reports; null without a lease.</summary>
    public abstract CniResult? Result { get; }

    /// <summary>The address that is on the interface, or was before it was lost.</summary>
    protected IPPrefix? Placed { get; set; }

    /// <summary>The address was removed from the interface.</summary>
    protected bool IsLost => isLost;

    /// <summary>The address that the interface has by DHCP.</summary>
    public IPPrefix? Held => isLost ? null : Placed;

    /// <summary>The pod's interface.</summary>
    protected PodNetwork Network => parts.Network;

    /// <summary>What happens to a lease.</summary>
    protected LeaseEvents Events => parts.Events;

    /// <summary>Does what is due.</summary>
    public abstract void OnTime(long now);

    /// <summary>Takes what has come on the socket.</summary>
    public abstract void OnPacket(long now);

    /// <summary>Gives the lease back; the reason if that cannot be sent.</summary>
    public abstract string? Release(long now);

    /// <summary>Lets some time pass before the next attempt, after what was not foreseen.</summary>
    public abstract void Postpone(long now);

    /// <summary>Ends the exchange.</summary>
    protected abstract void CloseSocket();

    /// <summary>What is done with a link that cannot be reached, and then noted.</summary>
    /// <param name="work">Sends something.</param>
    /// <param name="note">Takes the reason of a failure that may pass.</param>
    protected void SendOrReport(Action work, Action<string> note)
    {
        try
        {
            work();
        }
        catch (Exception e) when (Network.IsGone(e))
        {
            // A socket may outlive its link; a lease must not.
            CloseSocket();
            Events.Failed(Holder, e.Message);
        }
        catch (Exception e) when (PodNetwork.IsUnreachable(e))
        {
            // ENETDOWN, ENOBUFS, a namespace that cannot be reached now: it is sent again when its time comes.
            CloseSocket();
            note(e.Message);
            Events.Log($"{Holder.Order.Owner}: {e.Message}");
        }
    }

    /// <summary>Puts a lease's address on the interface if it is another one than before, or was lost.</summary>
    protected void Place(IPPrefix address, CniResult result)
    {
        if (Placed is { } before && (isLost || before != address))
            Report($"put {address} on the interface", () => Network.ReplaceAddress(before, address, result));
        (Placed, isLost) = (address, false);
    }

    /// <summary>Takes the address of a lost lease off the interface.</summary>
    protected void Displace(string reason)
    {
        if (Placed is not { } address)
            return;
        isLost = true;
        Report($"remove {address}", () => Network.RemoveAddress(address));
        Events.Lost(Holder, reason);
    }

    private void Report(string what, Action work)
    {
        try
        {
            work();
        }
        catch (Exception e)
        {
            Events.Log($"{Holder.Order.Owner}: cannot {what}: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}
