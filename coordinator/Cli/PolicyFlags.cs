using System.CommandLine;

namespace Plugboard.Coordinator.Cli;

/// <summary>The options of network policy.</summary>
internal sealed class PolicyFlags
{
    /// <summary>Adds them to all options.</summary>
    /// <param name="options">All options.</param>
    public PolicyFlags(CommandOptions options)
    {
        Mode = options.Add(
            "--network-policy",
            "Enforces NetworkPolicy for this node's pods: off, files, with the objects in --policy-dir, or api, with the Kubernetes API's.",
            NetworkPolicyMode.Off
        );
        Directory = options.Add("--policy-dir", "files: the directory of policies.yaml and pods.yaml.", "/etc/plugboard/policy");
        ReadsCluster = options.Add(
            "--policy-cluster",
            "Also enforces ClusterNetworkPolicy (policy.networking.k8s.io), from the same source.",
            false
        );
        Start = options.Add(
            "--policy-start",
            "Pods of this node that are not known yet: open, or closed: their packets are refused.",
            PolicyStartMode.Open
        );
        Wait = options.Add(
            "--policy-wait",
            "Milliseconds that an ADD of bridge and ptp waits until the new pod's policies are in force; 0: it does not wait.",
            1000
        );
        Established = options.Add(
            "--policy-established",
            "Connections that exist when a policy forbids them: cut, or keep: they go on until they end.",
            PolicyEstablishedMode.Cut
        );
        Guards = options.Add(
            "--policy-guard",
            "No other process can change or remove the table while the coordinator runs (Linux 6.9).",
            false
        );
        Rejects = options.Add("--policy-reject", "Answers refused packets with a reset or an ICMP error instead of dropping them.", false);
        ReadsAnnotation = options.Add(
            "--policy-namespace-annotation",
            "Namespaces with the annotation net.beta.kubernetes.io/network-policy of before NetworkPolicy v1 are isolated for ingress.",
            false
        );
        Logs = options.Add("--policy-log", "The kernel logs refused packets, up to ten per second for pods with the same policies.", false);
    }

    public Option<NetworkPolicyMode> Mode { get; }

    public Option<string> Directory { get; }

    public Option<bool> ReadsCluster { get; }

    public Option<PolicyStartMode> Start { get; }

    public Option<int> Wait { get; }

    public Option<PolicyEstablishedMode> Established { get; }

    public Option<bool> Guards { get; }

    public Option<bool> Rejects { get; }

    public Option<bool> ReadsAnnotation { get; }

    public Option<bool> Logs { get; }
}
