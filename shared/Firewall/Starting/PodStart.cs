using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;

namespace Plugboard.Firewall.Starting;

/// <summary>A pod that a plugin attached: who it is and which addresses it got, for the process that enforces policy on the node.</summary>
/// <param name="Owner">The attachment.</param>
/// <param name="Namespace">The pod's namespace in Kubernetes.</param>
/// <param name="Name">The pod's name there.</param>
/// <param name="Addresses">Its addresses; not empty.</param>
/// <param name="Since">When it was attached, in milliseconds since the machine was started; of two records with one address the later
/// counts.</param>
public sealed record PodStart(Attachment Owner, string Namespace, string Name, ValueArray<IPAddr> Addresses, long Since)
{
    private const string NamespaceKey = "namespace";
    private const string NameKey = "pod";
    private const string AddressKey = "address";
    private const string SinceKey = "since";
    private const string NodeNetNsKey = "node-netns";

    /// <summary>The inode number of the plugin's network namespace, the node's; null: the plugin's build did not note it.</summary>
    public ulong? NetNs { get; init; }

    /// <summary>True unless it was attached to another network namespace than this: coordinators of several may share one /run.</summary>
    /// <param name="own">The inode number of a network namespace; null: it is not known.</param>
    public bool IsOf(ulong? own) => NetNs is null || own is null || NetNs == own;

    internal PodRecord ToRecord()
    {
        var record = new PodRecord(Owner)
            .With(NamespaceKey, Namespace)
            .With(NameKey, Name)
            .With(SinceKey, Since.ToString(CultureInfo.InvariantCulture));
        if (NetNs is { } number)
            record.With(NodeNetNsKey, number.ToString(CultureInfo.InvariantCulture));
        foreach (var address in Addresses)
            record.With(AddressKey, address.ToString());
        return record;
    }

    // Null for a record of another kind or build.
    internal static PodStart? From(PodRecord record)
    {
        var addresses = new List<IPAddr>();
        foreach (var text in record.List(AddressKey))
        {
            if (IPAddr.TryParse(text, out var address))
                addresses.Add(address);
        }

        if (
            record.Find(NamespaceKey) is not { Length: > 0 } home
            || record.Find(NameKey) is not { Length: > 0 } name
            || addresses.Count == 0
        )
            return null;
        _ = long.TryParse(record.Find(SinceKey), NumberStyles.None, CultureInfo.InvariantCulture, out var since);
        return new PodStart(record.Owner, home, name, addresses.ToValueArray(), since)
        {
            NetNs = ulong.TryParse(record.Find(NodeNetNsKey), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : null,
        };
    }
}
