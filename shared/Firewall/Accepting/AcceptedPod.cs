using Plugboard.Addresses;
using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Accepting;

/// <summary>A pod that the forward chain accepts, and its bridge's policy.</summary>
public sealed record AcceptedPod
{
    private const string AcceptKey = "accept";
    private const string AddressKey = "address";
    private const string AdminKey = "admin-chain";
    private const string ZoneKey = "zone";
    private const string BridgeKey = "bridge";
    private const string PolicyKey = "policy";
    private const string PolicyBackendKey = "policy-by";
    private const string Iptables = "iptables";

    /// <summary>The pod.</summary>
    public required Attachment Owner { get; init; }

    /// <summary>Its addresses, of any family.</summary>
    public IReadOnlyList<IPAddr> Addresses { get; init; } = [];

    /// <summary>What has them accepted.</summary>
    public AcceptBackend Backend { get; init; }

    /// <summary>iptables: the chain that is asked first.</summary>
    public string AdminChain { get; init; } = AcceptRules.DefaultAdminChain;

    /// <summary>firewalld: the zone.</summary>
    public string Zone { get; init; } = "";

    /// <summary>The bridge that the policy is of; empty where it is not known.</summary>
    public string Bridge { get; init; } = "";

    /// <summary>The policy of the bridge.</summary>
    public IngressPolicy Policy { get; init; }

    /// <summary>The config says so, and not only by default. It is not part of the record.</summary>
    public bool IsPolicyExplicit { get; init; }

    /// <summary>What drops by the policy.</summary>
    public FirewallBackend PolicyBackend { get; init; }

    /// <summary>The host's end of the pod's link; empty where it is not known.</summary>
    public string Link { get; init; } = "";

    /// <summary>The path of the pod's network namespace; empty where it is not known.</summary>
    public string NetNs { get; init; } = "";

    /// <summary>The same as a record.</summary>
    public PodRecord ToRecord()
    {
        var record = new PodRecord(Owner) { Link = Link, NetNs = NetNs };
        record.With(AcceptKey, WordOf(Backend));
        foreach (var address in Addresses)
            record.With(AddressKey, address.ToString());
        if (Backend == AcceptBackend.Iptables)
            record.With(AdminKey, AdminChain);
        if (Backend == AcceptBackend.Firewalld)
            record.With(ZoneKey, Zone);
        if (Bridge.Length > 0)
            record.With(BridgeKey, Bridge);
        record.With(PolicyKey, IngressPolicyWord.Of(Policy));
        return PolicyBackend == FirewallBackend.Iptables ? record.With(PolicyBackendKey, Iptables) : record;
    }

    /// <summary>What a record says; lines that cannot be read are left out.</summary>
    public static AcceptedPod FromRecord(PodRecord record)
    {
        var addresses = new List<IPAddr>();
        foreach (var text in record.List(AddressKey))
        {
            if (IPAddr.TryParse(text, out var address))
                addresses.Add(address);
        }

        return new AcceptedPod
        {
            Owner = record.Owner,
            Addresses = addresses,
            Backend = BackendOf(record.Find(AcceptKey)),
            AdminChain = record.Find(AdminKey) ?? AcceptRules.DefaultAdminChain,
            Zone = record.Find(ZoneKey) ?? "",
            Bridge = record.Find(BridgeKey) ?? "",
            Policy = IngressPolicyWord.Find(record.Find(PolicyKey)) ?? IngressPolicy.Open,
            PolicyBackend = record.Find(PolicyBackendKey) == Iptables ? FirewallBackend.Iptables : FirewallBackend.Nftables,
            Link = record.Link,
            NetNs = record.NetNs,
        };
    }

    private static string WordOf(AcceptBackend backend) =>
        backend switch
        {
            AcceptBackend.Firewalld => "firewalld",
            AcceptBackend.Nftables => "nftables",
            _ => Iptables,
        };

    private static AcceptBackend BackendOf(string? word) =>
        word switch
        {
            "firewalld" => AcceptBackend.Firewalld,
            "nftables" => AcceptBackend.Nftables,
            _ => AcceptBackend.Iptables,
        };

    /// <summary>The addresses of a family.</summary>
    internal IReadOnlyList<IPAddr> Of(bool is6) => [.. Addresses.Where(address => address.Is6 == is6)];
}
