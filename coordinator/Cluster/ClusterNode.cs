using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Cluster;

/// <summary>A node of the cluster as a source delivers it; nothing in it is trusted yet.</summary>
internal sealed record ClusterNode
{
    /// <summary>
    /// Its name, different from all others': the Node's in Kubernetes, the lease's key in etcd, the name in a static file.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>What stays when it is made again under its name; empty if the source knows none.</summary>
    public string Uid { get; init; } = "";

    /// <summary>When it joined: of two with one pod network the older keeps it. Null: unknown, younger than all that are known.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>The networks of its pods, at most one per family; none: not assigned yet.</summary>
    public ValueArray<IPPrefix> PodCidrs { get; init; } = [];

    /// <summary>The source says that it has no pod networks; else none means that the source does not say.</summary>
    public bool SaysNoPods { get; init; }

    /// <summary>The source says that it has no addresses; else none means that the source does not say.</summary>
    public bool SaysNoAddresses { get; init; }

    /// <summary>The source lists it, and says nothing else: it takes no part unless it did before.</summary>
    public bool IsSilent { get; init; }

    /// <summary>Values that are in force although the source no longer has them, a sentence each.</summary>
    public ValueArray<string> Notes { get; init; } = [];

    /// <summary>Where other nodes reach it, at most one per family.</summary>
    public ValueArray<IPAddr> Addresses { get; init; } = [];

    /// <summary>The backend it says it uses, flannel's word (<c>vxlan</c>, <c>host-gw</c>, <c>ipip</c>); empty: it says nothing.</summary>
    public string BackendType { get; init; } = "";

    /// <summary>Where its IPv4 tunnel ends; null: it has none or does not say.</summary>
    public VtepData? Vtep4 { get; init; }

    /// <summary>Where its IPv6 tunnel ends; null: it has none or does not say.</summary>
    public VtepData? Vtep6 { get; init; }

    /// <summary>
    /// For this node only: the addresses whose link the operator chose as the uplink, at most one per family; empty: no choice.
    /// </summary>
    public ValueArray<IPAddr> WishedAddresses { get; init; } = [];

    /// <summary>
    /// The node, with the values that an earlier version of it had and this one has not: a field that vanishes means nothing. A value goes
    /// with the node, or when the source removes it explicitly.
    /// </summary>
    public ClusterNode After(ClusterNode? before)
    {
        if (before is null || (Uid.Length > 0 && before.Uid.Length > 0 && Uid != before.Uid))
            return this;
        if (IsSilent)
            return before with { Notes = [$"node {Name} is listed without any data now; its last data stays in force"] };
        var notes = new List<string>();
        var whole = BackendType.Length > 0 || before.BackendType.Length == 0 ? this : this with { BackendType = before.BackendType };
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (!SaysNoPods && PodCidr(is6) is null && before.PodCidr(is6) is { } cidr)
                whole = whole with { PodCidrs = whole.PodCidrs.Append(Kept(cidr, "pod network", notes)).ToValueArray() };
            if (!SaysNoAddresses && Address(is6) is null && before.Address(is6) is { } address)
                whole = whole with { Addresses = whole.Addresses.Append(Kept(address, "address", notes)).ToValueArray() };
            if (whole.BackendType is "" or "vxlan" && Vtep(is6) is null && before.Vtep(is6) is { } vtep)
                whole = is6 ? whole with { Vtep6 = vtep } : whole with { Vtep4 = vtep };
        }

        return notes.Count == 0 ? whole : whole with { Notes = Notes.Concat(notes).ToValueArray() };
    }

    private T Kept<T>(T value, string what, List<string> notes)
    {
        notes.Add($"node {Name}: its {what} {value} is no longer in the source and stays in force until a restart");
        return value;
    }

    /// <summary>Its pod network of a family; null: none.</summary>
    public IPPrefix? PodCidr(bool is6)
    {
        foreach (var cidr in PodCidrs.AsSpan())
        {
            if (cidr.Is6 == is6)
                return cidr;
        }

        return null;
    }

    /// <summary>Its address of a family; null: none.</summary>
    public IPAddr? Address(bool is6)
    {
        foreach (var address in Addresses.AsSpan())
        {
            if (address.Is6 == is6)
                return address;
        }

        return null;
    }

    /// <summary>Where its tunnel of a family ends; null: it has none or does not say.</summary>
    public VtepData? Vtep(bool is6) => is6 ? Vtep6 : Vtep4;
}
