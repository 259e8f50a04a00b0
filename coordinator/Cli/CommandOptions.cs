using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Documents;

namespace Plugboard.Coordinator.Cli;

/// <summary>
/// The options of all verbs; flanneld's and ip-masq-agent's have their names. Each can come from the environment too: <c>FLANNELD_</c> and
/// its name in capitals.
/// </summary>
internal sealed class CommandOptions
{
    private readonly List<Option> all = [];

    public CommandOptions()
    {
        Source = Add<SourceKind>(
            "--source",
            "The source of the cluster's nodes: static, etcd, kubernetes, or none for a node without peers.",
            SourceKind.Static
        );
        NodeName = Add(
            "--node-name",
            "This node's name in the cluster. [default: NODE_NAME of the environment, else the host's name as the kubelet takes it: whole, "
                + "in lowercase]",
            ""
        );
        PeersFile = Add("--peers-file", "static: the peers file.", "/etc/plugboard/peers.yaml");
        NetConfigPath = Add(
            "--net-config-path",
            "The cluster network, flannel's net-conf.json. Without the file, the source's configuration applies.",
            "/etc/kube-flannel/net-conf.json"
        );
        AddEtcd();
        AddKubernetes();
        Interfaces = AddMany("--iface", "The uplink, by name or address; the first match wins.");
        InterfacePatterns = AddMany(
            "--iface-regex",
            "As --iface, with a regular expression for the address or the name.",
            InterfacePattern.Separate
        );
        InterfaceCanReach = Add("--iface-can-reach", "The uplink is the link of the route to this address.", "");
        PublicIP = Add("--public-ip", "The IPv4 address to advertise to other nodes. [default: the link's]", "");
        PublicIPv6 = Add("--public-ipv6", "The IPv6 address to advertise to other nodes. [default: the link's]", "");
        Blackhole = Add("--ip-blackhole-route", "Drops packets to this node's pod addresses that no pod has.", false);
        Forwarding = Add("--ip-forwarding", "Switches IP forwarding on if it is off.", true);
        SubnetFile = Add("--subnet-file", "The file that the flannel CNI plugin reads.", "/run/flannel/subnet.env");
        StateDirectory = Add(
            "--state-dir",
            "The directory of the last confirmed state; it survives a reboot.",
            "/var/lib/plugboard/coordinator"
        );
        ConflistTemplate = Add(
            "--conflist",
            "The CNI configuration to write when the node is ready: flannel, bridge, or a template's path.",
            ""
        );
        ConflistFile = Add("--conflist-file", "The file to write it to.", "/etc/cni/net.d/10-plugboard.conflist");
        PluginDirectories = AddMany("--cni-bin-dir", "The directory of the CNI plugins. [default: /opt/cni/bin]");
        AddMasquerading();
        Policy = new PolicyFlags(this);
        HealthzIP = Add(
            "--healthz-ip",
            "The address of /healthz, /readyz and /metrics: one of this node's, 0.0.0.0 for all of IPv4, :: for all.",
            "127.0.0.1"
        );
        HealthzPort = Add("--healthz-port", "The port of /healthz, /readyz and /metrics; 0 disables them.", 0);
        AuditSeconds = Add("--audit-interval", "Seconds between two audits, which compare the whole node; at least 1.", 120);
        RestorePods = Add(
            "--restore-pods",
            "Restores the pods' nftables rules of the plugins portmap and bridge if another process removed them.",
            true
        );
    }

    [MemberNotNull(
        nameof(EtcdEndpoints),
        nameof(EtcdPrefix),
        nameof(EtcdCaFile),
        nameof(EtcdCertFile),
        nameof(EtcdKeyFile),
        nameof(EtcdUsername),
        nameof(EtcdPassword),
        nameof(EtcdExposesPassword)
    )]
    private void AddEtcd()
    {
        EtcdEndpoints = AddMany("--etcd-endpoints", "etcd: its servers, tried one after another. [default: http://127.0.0.1:2379]");
        EtcdPrefix = Add("--etcd-prefix", "etcd: the prefix of the keys.", "/coreos.com/network");
        EtcdCaFile = Add(
            "--etcd-cafile",
            "etcd: PEM file of the certificate authorities that sign the servers' certificates. [default: the system's]",
            ""
        );
        EtcdCertFile = Add("--etcd-certfile", "etcd: PEM file of the client certificate.", "");
        EtcdKeyFile = Add("--etcd-keyfile", "etcd: PEM file of the client certificate's key.", "");
        EtcdUsername = Add("--etcd-username", "etcd: the user name.", "");
        EtcdPassword = Add("--etcd-password", "etcd: the password; prefer the environment variable.", "");
        EtcdExposesPassword = Add(
            "--etcd-password-over-http",
            "etcd: allows sending user and password over plain http to another machine; anyone on the path can read them.",
            false
        );
    }

    [MemberNotNull(
        nameof(KubeSubnetManager),
        nameof(KubeApiUrl),
        nameof(Kubeconfig),
        nameof(AnnotationPrefix),
        nameof(NetworkUnavailable),
        nameof(KubePeers),
        nameof(StartupTaint)
    )]
    private void AddKubernetes()
    {
        KubeSubnetManager = Add("--kube-subnet-mgr", "Same as --source kubernetes.", false);
        KubeApiUrl = Add("--kube-api-url", "kubernetes: the API server. [default: the service account's or the kubeconfig's]", "");
        Kubeconfig = Add("--kubeconfig-file", "kubernetes: a kubeconfig to use instead of the service account.", "");
        AnnotationPrefix = Add("--kube-annotation-prefix", "kubernetes: the prefix of flannel's annotations.", "flannel.alpha.coreos.com");
        NetworkUnavailable = Add(
            "--set-node-network-unavailable",
            "kubernetes: sets the Node's condition NetworkUnavailable to True or False.",
            true
        );
        KubePeers = Add(
            "--kube-peers",
            "kubernetes: annotations: Nodes with flannel's annotations are peers; addresses: all Nodes are, by InternalIP.",
            PeersMode.Annotations
        );
        StartupTaint = Add("--startup-taint", "kubernetes: the key of a taint to remove when the Node is ready.", "");
    }

    [MemberNotNull(
        nameof(Masquerade),
        nameof(IpMasq),
        nameof(MasqueradeConfig),
        nameof(Backend),
        nameof(MasqChain),
        nameof(AllReserved),
        nameof(EnableIPv6),
        nameof(RandomFully),
        nameof(NotFullyRandom),
        nameof(ToPorts),
        nameof(ForwardChainRules)
    )]
    private void AddMasquerading()
    {
        Masquerade = Add(
            "--masquerade",
            "The masquerading rules to maintain: off, agent (ip-masq-agent's) or flannel (its --ip-masq).",
            MasqueradeMode.Off
        );
        NotFullyRandom = Add("--ip-masq-fully-random-disable", "flannel's flag: same as --random-fully=false.", false);
        IpMasq = Add("--ip-masq", "Same as --masquerade flannel.", false);
        MasqueradeConfig = Add("--masq-config", "agent: its configuration file; changes are picked up.", "/etc/config/ip-masq-agent");
        Backend = Add(
            "--backend",
            "The backend of the rules: nftables, or iptables with the agent's or flannel's own chains.",
            MasqueradeBackend.Nftables
        );
        MasqChain = Add("--masq-chain", "agent, iptables: the name of its chain.", "IP-MASQ-AGENT");
        AllReserved = Add(
            "--nomasq-all-reserved-ranges",
            "agent: without nonMasqueradeCIDRs in its file, packets to all reserved networks keep their source, not only to private ones.",
            false
        );
        EnableIPv6 = Add("--enable-ipv6", "agent: IPv6 too.", false);
        RandomFully = Add("--random-fully", "Source ports are chosen at random.", true);
        ToPorts = Add(
            "--to-ports",
            "agent: the ranges of ports that flows leave with, such as 1024-29999,32768-65535. [default: none: the kernel chooses]",
            ""
        );
        ForwardChainRules = Add("--iptables-forward-rules", "flannel: accept packets from and to the cluster network in FORWARD.", true);
    }

    /// <summary>All of them, to be added to a command.</summary>
    public IReadOnlyList<Option> All => all;

    public Option<SourceKind> Source { get; }

    public Option<string> NodeName { get; }

    public Option<string> PeersFile { get; }

    public Option<string> NetConfigPath { get; }

    public Option<string[]> EtcdEndpoints { get; private set; }

    public Option<string> EtcdPrefix { get; private set; }

    public Option<string> EtcdCaFile { get; private set; }

    public Option<string> EtcdCertFile { get; private set; }

    public Option<string> EtcdKeyFile { get; private set; }

    public Option<string> EtcdUsername { get; private set; }

    public Option<string> EtcdPassword { get; private set; }

    public Option<bool> EtcdExposesPassword { get; private set; }

    public Option<bool> KubeSubnetManager { get; private set; }

    public Option<string> KubeApiUrl { get; private set; }

    public Option<string> Kubeconfig { get; private set; }

    public Option<string> AnnotationPrefix { get; private set; }

    public Option<bool> NetworkUnavailable { get; private set; }

    public Option<PeersMode> KubePeers { get; private set; }

    public Option<string> StartupTaint { get; private set; }

    public Option<string[]> Interfaces { get; }

    public Option<string[]> InterfacePatterns { get; }

    public Option<string> InterfaceCanReach { get; }

    public Option<string> PublicIP { get; }

    public Option<string> PublicIPv6 { get; }

    public Option<bool> Blackhole { get; }

    public Option<bool> Forwarding { get; }

    public Option<string> SubnetFile { get; }

    public Option<string> StateDirectory { get; }

    public Option<string> ConflistTemplate { get; }

    public Option<string> ConflistFile { get; }

    public Option<string[]> PluginDirectories { get; }

    public Option<MasqueradeMode> Masquerade { get; private set; }

    public Option<bool> IpMasq { get; private set; }

    public Option<string> MasqueradeConfig { get; private set; }

    public Option<MasqueradeBackend> Backend { get; private set; }

    public Option<string> MasqChain { get; private set; }

    public Option<bool> AllReserved { get; private set; }

    public Option<bool> EnableIPv6 { get; private set; }

    public Option<bool> RandomFully { get; private set; }

    public Option<bool> NotFullyRandom { get; private set; }

    public Option<string> ToPorts { get; private set; }

    public Option<bool> ForwardChainRules { get; private set; }

    /// <summary>Those of network policy.</summary>
    public PolicyFlags Policy { get; }

    public Option<bool> RestorePods { get; }

    public Option<string> HealthzIP { get; }

    public Option<int> HealthzPort { get; }

    public Option<int> AuditSeconds { get; }

    /// <summary>The name of the environment's variable for an option: <c>--public-ip</c> is <c>FLANNELD_PUBLIC_IP</c>.</summary>
    public static string VariableOf(string option) => "FLANNELD_" + option[2..].Replace('-', '_').ToUpperInvariant();

    /// <summary>An option with its default, which the environment can change.</summary>
    public Option<T> Add<T>(string name, string description, T otherwise)
    {
        var option = new Option<T>(name)
        {
            Description = WithDefault(name, description, otherwise),
            DefaultValueFactory = _ => FromEnvironment(name, otherwise),
        };
        if (typeof(T).IsEnum)
            option.HelpName = string.Join('|', Enum.GetNames(typeof(T))).ToLowerInvariant();
        all.Add(option);
        return option;
    }

    // The defaults that System.CommandLine leaves out of --help.
    private static string WithDefault(string name, string description, object? otherwise) =>
        description.Contains("[default: ", StringComparison.Ordinal)
        || Environment.GetEnvironmentVariable(VariableOf(name)) is { Length: > 0 }
            ? description
            : otherwise switch
            {
                "" or null => $"{description} [default: none]",
                false => $"{description} [default: false]",
                _ => description,
            };

    /// <summary>An option that can be given several times, or once with commas.</summary>
    public Option<string[]> AddMany(string name, string description, Func<string, string[]>? split = null)
    {
        var option = new Option<string[]>(name)
        {
            Description = WithDefault(name, description, otherwise: null),
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => (split ?? Split)(Environment.GetEnvironmentVariable(VariableOf(name)) ?? ""),
        };
        all.Add(option);
        return option;
    }

    /// <summary>A command line of flanneld's or ip-masq-agent's form as System.CommandLine reads it.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="others">The flags that only some verbs have.</param>
    /// <param name="note">Gets a line for each flag without effect.</param>
    /// <exception cref="SettingException">A flag is unknown, or has an invalid value.</exception>
    public IReadOnlyList<string> Spell(IReadOnlyList<string> args, IReadOnlyList<Option>? others = null, Action<string>? note = null) =>
        new GoFlags([.. all, .. others ?? []], note ?? (static _ => { })).Spell(args);

    /// <summary>The parts of a list with commas, without empty ones.</summary>
    public static string[] Split(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static T FromEnvironment<T>(string name, T otherwise)
    {
        if (Environment.GetEnvironmentVariable(VariableOf(name)) is not { Length: > 0 } text)
            return otherwise;
        object? value = otherwise switch
        {
            string => text,
            bool => GoFlags.ReadSwitch(text),
            int => int.TryParse(GoYamlNumber.Find(text) ?? text, out var number) ? number : null,
            MasqueradeBackend => Enum.TryParse<MasqueradeBackend>(text, ignoreCase: true, out var backend) ? backend : null,
            PeersMode => Enum.TryParse<PeersMode>(text, ignoreCase: true, out var peers) ? peers : null,
            SourceKind => Enum.TryParse<SourceKind>(text, ignoreCase: true, out var kind) ? kind : null,
            MasqueradeMode => Enum.TryParse<MasqueradeMode>(text, ignoreCase: true, out var mode) ? mode : null,
            PolicyStartMode => Enum.TryParse<PolicyStartMode>(text, ignoreCase: true, out var start) ? start : null,
            PolicyEstablishedMode => Enum.TryParse<PolicyEstablishedMode>(text, ignoreCase: true, out var established) ? established : null,
            NetworkPolicyMode => Enum.TryParse<NetworkPolicyMode>(text, ignoreCase: true, out var policy) ? policy : null,
            _ => null,
        };
        return value is T given ? given : throw new SettingException($"{VariableOf(name)}={text}: cannot be read as {name}");
    }
}
