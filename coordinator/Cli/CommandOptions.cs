using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using Plugboard.Coordinator.Configuration.Documents;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Sources.Kubernetes;

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
            "Where the cluster's nodes are read: static, etcd, kubernetes, or none where this node is alone.",
            SourceKind.Static
        );
        NodeName = Add(
            "--node-name",
            "This node's name in the cluster; else the environment's NODE_NAME, else the host's name as the kubelet takes it: whole, "
                + "in lower case.",
            ""
        );
        PeersFile = Add("--peers-file", "static: the file with the nodes.", "/etc/plugboard/peers.yaml");
        NetConfigPath = Add(
            "--net-config-path",
            "The cluster's network, flannel's net-conf.json; where there is no such file the source tells it.",
            "/etc/kube-flannel/net-conf.json"
        );
        AddEtcd();
        AddKubernetes();
        Interfaces = AddMany("--iface", "The link, by name or address, by which other nodes are reached; the first that is there counts.");
        InterfacePatterns = AddMany("--iface-regex", "As --iface, by a regular expression for the address or the name.");
        InterfaceCanReach = Add("--iface-can-reach", "The link by which this address is reached.", "");
        PublicIP = Add("--public-ip", "The IPv4 address told to the other nodes.", "");
        PublicIPv6 = Add("--public-ipv6", "The IPv6 address told to the other nodes.", "");
        Blackhole = Add("--ip-blackhole-route", "Drops what is sent to own pods that are not there.", false);
        Forwarding = Add("--ip-forwarding", "Switches forwarding on where it is off.", true);
        SubnetFile = Add("--subnet-file", "What the flannel CNI plugin reads.", "/run/flannel/subnet.env");
        StateDirectory = Add(
            "--state-dir",
            "Where the last confirmed state is kept over a restart of the machine.",
            "/var/lib/plugboard/coordinator"
        );
        ConflistTemplate = Add(
            "--conflist",
            "The CNI configuration to write once all is in place: flannel, bridge, or a template's path; empty: none is written.",
            ""
        );
        ConflistFile = Add("--conflist-file", "Where it is written.", "/etc/cni/net.d/10-plugboard.conflist");
        PluginDirectories = AddMany("--cni-bin-dir", "Where the CNI plugins are; /opt/cni/bin where not said.");
        AddMasquerading();
        HealthzIP = Add(
            "--healthz-ip",
            "Where /healthz, /readyz and /metrics are answered: an address of this node, 0.0.0.0 for all of IPv4, :: for all.",
            "127.0.0.1"
        );
        HealthzPort = Add("--healthz-port", "The port for them; 0: they are not answered.", 0);
        AuditSeconds = Add("--audit-interval", "Seconds from one look at everything to the next, at least 1.", 120);
        RestorePods = Add(
            "--restore-pods",
            "What the plugins portmap and bridge made for pods in nftables is put back where somebody took it away.",
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
        EtcdEndpoints = AddMany("--etcd-endpoints", "etcd: its servers, tried in turn; http://127.0.0.1:2379 where not said.");
        EtcdPrefix = Add("--etcd-prefix", "etcd: what the keys begin with.", "/coreos.com/network");
        EtcdCaFile = Add("--etcd-cafile", "etcd: PEM file of the authorities of its certificate.", "");
        EtcdCertFile = Add("--etcd-certfile", "etcd: PEM file of this side's certificate.", "");
        EtcdKeyFile = Add("--etcd-keyfile", "etcd: PEM file of its key.", "");
        EtcdUsername = Add("--etcd-username", "etcd: who this is.", "");
        EtcdPassword = Add("--etcd-password", "etcd: the password; better given by the environment.", "");
        EtcdExposesPassword = Add(
            "--etcd-password-over-http",
            "etcd: user and password may go over plain http to another machine, where everybody on the way can read them.",
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
        KubeSubnetManager = Add("--kube-subnet-mgr", "The same as --source kubernetes.", false);
        KubeApiUrl = Add(
            "--kube-api-url",
            "kubernetes: the API server in place of the one that the service account or the kubeconfig names.",
            ""
        );
        Kubeconfig = Add("--kubeconfig-file", "kubernetes: a kubeconfig in place of the service account.", "");
        AnnotationPrefix = Add(
            "--kube-annotation-prefix",
            "kubernetes: what flannel's annotations begin with.",
            "flannel.alpha.coreos.com"
        );
        NetworkUnavailable = Add(
            "--set-node-network-unavailable",
            "kubernetes: the Node's condition NetworkUnavailable is written, both ways.",
            true
        );
        KubePeers = Add(
            "--kube-peers",
            "kubernetes: annotations: Nodes with flannel's annotations are peers; addresses: all are, by their InternalIP.",
            PeersMode.Annotations
        );
        StartupTaint = Add(
            "--startup-taint",
            "kubernetes: the key of a taint that is taken off the Node once it is ready; empty: none.",
            ""
        );
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
            "Whose rules of masquerading are kept: off, agent (ip-masq-agent's) or flannel (its --ip-masq).",
            MasqueradeMode.Off
        );
        NotFullyRandom = Add("--ip-masq-fully-random-disable", "flannel's flag: the same as --random-fully=false.", false);
        IpMasq = Add("--ip-masq", "The same as --masquerade flannel.", false);
        MasqueradeConfig = Add("--masq-config", "agent: its configuration file, read again when it changes.", "/etc/config/ip-masq-agent");
        Backend = Add(
            "--backend",
            "Where the rules are kept: nftables, or iptables in the agent's or flannel's own chains.",
            MasqueradeBackend.Nftables
        );
        MasqChain = Add("--masq-chain", "agent, iptables: the name of its chain.", "IP-MASQ-AGENT");
        AllReserved = Add(
            "--nomasq-all-reserved-ranges",
            "agent: by default all reserved networks are exempt, not only the private ones.",
            false
        );
        EnableIPv6 = Add("--enable-ipv6", "agent: IPv6 too.", false);
        RandomFully = Add("--random-fully", "Source ports are chosen at random.", true);
        ToPorts = Add(
            "--to-ports",
            "agent: the ranges of ports that flows leave with, such as 1024-29999,32768-65535; empty: the kernel chooses.",
            ""
        );
        ForwardChainRules = Add(
            "--iptables-forward-rules",
            "flannel: packets from and to the cluster's network are accepted in FORWARD.",
            true
        );
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

    public Option<bool> RestorePods { get; }

    public Option<string> HealthzIP { get; }

    public Option<int> HealthzPort { get; }

    public Option<int> AuditSeconds { get; }

    /// <summary>The name of the environment's variable for an option: <c>--public-ip</c> is <c>FLANNELD_PUBLIC_IP</c>.</summary>
    public static string VariableOf(string option) => "FLANNELD_" + option[2..].Replace('-', '_').ToUpperInvariant();

    /// <summary>An option with its default, which the environment can change.</summary>
    public Option<T> Add<T>(string name, string description, T otherwise)
    {
        var option = new Option<T>(name) { Description = description, DefaultValueFactory = _ => FromEnvironment(name, otherwise) };
        all.Add(option);
        return option;
    }

    /// <summary>An option that can be given several times, or once with commas.</summary>
    public Option<string[]> AddMany(string name, string description)
    {
        var option = new Option<string[]>(name)
        {
            Description = description,
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => Split(Environment.GetEnvironmentVariable(VariableOf(name)) ?? ""),
        };
        all.Add(option);
        return option;
    }

    /// <summary>A command line of flanneld's or ip-masq-agent's form as System.CommandLine reads it.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="others">The flags that only some verbs have.</param>
    /// <param name="note">Gets a line for each flag that is without effect.</param>
    /// <exception cref="SettingException">A flag is unknown, or takes no such value.</exception>
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
            _ => null,
        };
        return value is T given ? given : throw new SettingException($"{VariableOf(name)}={text}: cannot be read as {name}");
    }
}
