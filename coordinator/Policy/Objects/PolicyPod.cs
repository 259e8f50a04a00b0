using Plugboard.Addresses;
using Plugboard.Firewall.Ports;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Objects;

/// <summary>What network policy needs of a Pod.</summary>
internal sealed record PolicyPod
{
    /// <summary>Its namespace and name.</summary>
    public required ObjectName Name { get; init; }

    /// <summary>Its labels.</summary>
    public Labels Labels { get; init; } = Labels.None;

    /// <summary><c>status.podIPs</c>: at most one per family.</summary>
    public ValueArray<IPAddr> Addresses { get; init; } = [];

    /// <summary><c>spec.nodeName</c>; empty: it has no node yet.</summary>
    public string NodeName { get; init; } = "";

    /// <summary>It has its node's addresses: it is no subject of policy, and no selector selects it.</summary>
    public bool IsHostNetwork { get; init; }

    /// <summary>Its phase is Succeeded or Failed: its addresses may already be another pod's.</summary>
    public bool IsFinished { get; init; }

    /// <summary>It is being deleted.</summary>
    public bool IsLeaving { get; init; }

    /// <summary>
    /// Its labels or ports cannot be read: nothing may reach it and it may reach nothing, and no selector selects it.
    /// </summary>
    public bool IsClosed { get; init; }

    /// <summary>When it was created; of two pods with one address the newer one has it.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The named ports of its containers.</summary>
    public ValueArray<NamedPort> Ports { get; init; } = [];

    /// <summary>True if its addresses are its own and in use: only then it is a subject, and selectors see it.</summary>
    public bool IsOnNetwork => !IsHostNetwork && !IsFinished && Addresses.Count > 0;

    /// <summary>
    /// True if an address that both pods state is this one's: an address is given to the next pod before the last one's object is gone.
    /// </summary>
    public bool OwnsBefore(PolicyPod other)
    {
        if (IsLeaving != other.IsLeaving)
            return !IsLeaving;
        return CreatedAt != other.CreatedAt ? CreatedAt > other.CreatedAt : ObjectName.Order.Compare(Name, other.Name) > 0;
    }
}

/// <summary>A container's port with a name.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Protocol">Its protocol.</param>
/// <param name="Port">Its number.</param>
internal readonly record struct NamedPort(string Name, PortProtocol Protocol, ushort Port);
