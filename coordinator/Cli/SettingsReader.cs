using System.CommandLine;
using Plugboard.Addresses;
using Plugboard.ClusterFiles;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Files;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Routes;
using Plugboard.Coordinator.Sources.Etcd;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Documents;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Cli;

/// <summary>Reads the command line, the environment and the files that these name.</summary>
/// <param name="options">The options.</param>
/// <param name="parsed">What was given.</param>
/// <param name="warn">Gets a line for each option without effect.</param>
internal sealed class SettingsReader(CommandOptions options, ParseResult parsed, Action<string> warn)
{
    /// <summary>All settings.</summary>
    /// <exception cref="SettingException">A value is invalid.</exception>
    public Settings Read()
    {
        var nodeName = ReadNodeName();
        var masquerade = ReadMasquerade();
        var audit = Get(options.AuditSeconds);
        if (audit < 1)
            throw new SettingException($"--audit-interval {audit}: at least 1 second");
        if (Get(options.HealthzPort) is var port and (< 0 or > 65535))
            throw new SettingException($"--healthz-port {port}: from 1 to 65535, or 0: disabled");
        return new Settings
        {
            NodeName = nodeName,
            Source = SourceOf(),
            Kubernetes = ReadKubernetes(nodeName),
            PeersFile = Get(options.PeersFile),
            Etcd = ReadEtcd(nodeName),
            Network = ReadNetwork(Get(options.NetConfigPath)) ?? WithoutNetwork(SourceOf()),
            Uplink = ReadUplink(),
            Routes = new RouteOptions { BlackholesOwnNetwork = Get(options.Blackhole), EnablesIPForwarding = Get(options.Forwarding) },
            Files = ReadFiles(masquerade is not null),
            Masquerade = masquerade,
            MasqueradeConfig = Get(options.MasqueradeConfig),
            MasqueradeBackup = Get(options.StateDirectory) is { Length: > 0 } directory ? $"{directory}/ip-masq-agent" : null,
            Policy = ReadPolicy(nodeName),
            RestoresPods = Get(options.RestorePods),
            Engine = new EngineOptions { AuditInterval = TimeSpan.FromSeconds(audit) },
            HealthzIP = ReadHealthzIP(),
            HealthzPort = Get(options.HealthzPort),
        };
    }

    private string ReadNodeName()
    {
        var given = Get(options.NodeName) is { Length: > 0 } flag ? flag : Environment.GetEnvironmentVariable("NODE_NAME") ?? "";
        if (given.Trim().Length > 0)
            return SourceOf() == SourceKind.Kubernetes ? NodeNames.AsKubelet(given) : given.Trim();
        var host = NodeNames.FindHostName();
        if (NodeNames.AsKubelet(host).Length == 0)
            throw new SettingException("this host has no name: set --node-name");
        if (
            SourceOf() != SourceKind.Static
            || NodeNames.Among(ReadPeerNames(), host) is not { } listed
            || listed == NodeNames.AsKubelet(host)
        )
            return NodeNames.AsKubelet(host);
        warn(
            $"{Get(options.PeersFile)} has no node {NodeNames.AsKubelet(host)}, this host's name, but a node {listed}, which is "
                + $"taken for this one; set --node-name {listed}"
        );
        return listed;
    }

    // The file's reader reports its errors.
    private List<string> ReadPeerNames()
    {
        try
        {
            return DurableFile.Find(Get(options.PeersFile)) is { } content && YamlDocumentReader.Read(content).Find("nodes") is { } nodes
                ? nodes.Items.Select(static node => node.Find("name")?.Text).OfType<string>().ToList()
                : [];
        }
        catch (Exception e) when (e is DocumentException or ErrnoException)
        {
            return [];
        }
    }

    private SourceKind SourceOf() => Get(options.KubeSubnetManager) ? SourceKind.Kubernetes : Get(options.Source);

    private KubernetesOptions ReadKubernetes(string nodeName) =>
        new()
        {
            NodeName = nodeName,
            ApiServer = Get(options.KubeApiUrl) is { Length: > 0 } url ? ReadUrl("--kube-api-url", url) : null,
            Kubeconfig = NullIfEmpty(Get(options.Kubeconfig)),
            AnnotationPrefix = Get(options.AnnotationPrefix),
            SetNetworkUnavailable = Get(options.NetworkUnavailable),
            Peers = Get(options.KubePeers),
            StartupTaint = NullIfEmpty(Get(options.StartupTaint)),
        };

    private T Get<T>(Option<T> option) => parsed.GetValue(option)!;

    private UplinkOptions ReadUplink() =>
        new()
        {
            Interfaces = Get(options.Interfaces).SelectMany(CommandOptions.Split).ToList(),
            InterfacePatterns = Get(options.InterfacePatterns).Where(text => text.Length > 0).Select(ReadPattern).ToList(),
            CanReach = ReadAddress(options.InterfaceCanReach, is6: null),
            PublicIP = ReadAddress(options.PublicIP, is6: false),
            PublicIPv6 = ReadAddress(options.PublicIPv6, is6: true),
        };

    private static InterfacePattern ReadPattern(string text)
    {
        try
        {
            return InterfacePattern.Parse(text);
        }
        catch (FormatException e)
        {
            throw new SettingException($"--iface-regex {text}: {e.Message}");
        }
    }

    private IPAddr? ReadAddress(Option<string> option, bool? is6)
    {
        var text = Get(option);
        if (text.Length == 0)
            return null;
        if (!IPAddr.TryParse(text, out var address) || (is6 is { } family && address.Is6 != family))
            throw new SettingException($"{option.Name} {text}: no {(is6 switch { true => "IPv6 ", false => "IPv4 ", null => "" })}address");
        return address;
    }

    // A source whose nodes state their own pod networks needs no cluster network, only the backend; until the backend is known, another
    // program routes.
    private static NetConf? WithoutNetwork(SourceKind source) =>
        source is SourceKind.None or SourceKind.Kubernetes
            ? new NetConf
            {
                EnableIPv6 = true,
                IsAssumed = true,
                Backend = new BackendConf { Type = BackendType.None },
            }
            : null;

    private MasqueradeOptions? ReadMasquerade()
    {
        var mode = Get(options.IpMasq) ? MasqueradeMode.Flannel : Get(options.Masquerade);
        if (mode == MasqueradeMode.Off)
            return null;
        PortRanges ports;
        try
        {
            ports = PortRanges.Parse(Get(options.ToPorts));
        }
        catch (FormatException e)
        {
            throw new SettingException($"Invalid --to-ports flag \"{Get(options.ToPorts)}\": {e.Message}");
        }

        return new MasqueradeOptions
        {
            Kind = mode == MasqueradeMode.Flannel ? MasqueradeKind.Flannel : MasqueradeKind.Agent,
            Backend = Get(options.Backend),
            MasqChain = Get(options.MasqChain),
            NoMasqAllReservedRanges = Get(options.AllReserved),
            EnableIPv6 = Get(options.EnableIPv6),
            RandomFully = Get(options.RandomFully) && !Get(options.NotFullyRandom),
            ToPorts = ports,
            ForwardChainRules = Get(options.ForwardChainRules) && mode == MasqueradeMode.Flannel,
        };
    }

    // A runtime gives up after some minutes.
    private const int MostWait = 60_000;

    private PolicyOptions? ReadPolicy(string nodeName)
    {
        var mode = Get(options.Policy.Mode);
        if (mode == NetworkPolicyMode.Off)
            return null;
        return new PolicyOptions
        {
            // The API's pods have the name that the kubelet registered.
            NodeName = mode == NetworkPolicyMode.Api ? NodeNames.AsKubelet(nodeName) : nodeName,
            Directory = mode == NetworkPolicyMode.Api ? null : ReadPolicyDirectory(),
            ReadsAnnotation = Get(options.Policy.ReadsAnnotation),
            ReadsCluster = Get(options.Policy.ReadsCluster),
            StartsClosed = Get(options.Policy.Start) == PolicyStartMode.Closed,
            StartWait = Get(options.Policy.Wait) is >= 0 and <= MostWait and var wait
                ? TimeSpan.FromMilliseconds(wait)
                : throw new SettingException($"--policy-wait {Get(options.Policy.Wait)}: 0 to {MostWait} milliseconds"),
            CutsEstablished = Get(options.Policy.Established) == PolicyEstablishedMode.Cut,
            Guards = Get(options.Policy.Guards),
            Rejects = Get(options.Policy.Rejects),
            Logs = Get(options.Policy.Logs),
        };
    }

    private string ReadPolicyDirectory() =>
        NullIfEmpty(Get(options.Policy.Directory))
        ?? throw new SettingException("--policy-dir: --network-policy files needs the directory of its files");

    private IPAddr ReadHealthzIP()
    {
        var text = Get(options.HealthzIP);
        return IPAddr.TryParse(text, out var address)
            ? address
            : throw new SettingException($"--healthz-ip {text}: no address; 0.0.0.0 for all of IPv4, :: for all");
    }

    private FilesOptions? ReadFiles(bool masquerades)
    {
        var template = Get(options.ConflistTemplate);
        var subnetFile = Get(options.SubnetFile);
        if (subnetFile.Length == 0 || SourceOf() == SourceKind.None)
            return null;
        if (Path.GetFullPath(subnetFile) == Path.GetFullPath($"{Get(options.StateDirectory)}/subnet.env"))
            throw new SettingException($"--subnet-file {subnetFile}: --state-dir has its own copy at this path; choose another directory");
        RequireConflist(template);
        var directories = Get(options.PluginDirectories).SelectMany(CommandOptions.Split).ToList();
        return new FilesOptions
        {
            SubnetFile = subnetFile,
            StateDirectory = Get(options.StateDirectory),
            ConflistFile = template.Length == 0 ? "" : Get(options.ConflistFile),
            ConflistTemplate = template,
            PluginDirectories = directories.Count == 0 ? ["/opt/cni/bin"] : directories,
            Masquerades = masquerades,
        };
    }

    // A path may name a file that comes later; a single word is a typing error.
    private static void RequireConflist(string template)
    {
        string[] own = ["flannel", "bridge"];
        if (template.Length == 0 || template.Contains('/', StringComparison.Ordinal) || own.Contains(template, StringComparer.Ordinal))
            return;
        if (!File.Exists(template))
            throw new SettingException(
                $"--conflist {template}: neither flannel nor bridge, nor the path of a template{Spelling.Hint(template, own)}"
            );
    }

    private EtcdOptions ReadEtcd(string nodeName)
    {
        var endpoints = Get(options.EtcdEndpoints)
            .SelectMany(CommandOptions.Split)
            .Select(text => ReadUrl("--etcd-endpoints", text))
            .ToList();
        var chosen = new EtcdOptions
        {
            NodeName = nodeName,
            Prefix = CleanPrefix(Get(options.EtcdPrefix)),
            CaFile = NullIfEmpty(Get(options.EtcdCaFile)),
            CertFile = NullIfEmpty(Get(options.EtcdCertFile)),
            KeyFile = NullIfEmpty(Get(options.EtcdKeyFile)),
            Username = NullIfEmpty(Get(options.EtcdUsername)),
            Password = Get(options.EtcdPassword),
            ExposesPassword = Get(options.EtcdExposesPassword),
            PreviousSubnets = ReadPrevious(),
        };
        return CheckEtcd(endpoints.Count == 0 ? chosen : chosen with { Endpoints = endpoints.ToValueArray() });
    }

    // As flanneld, which joins its keys as paths.
    private static string CleanPrefix(string prefix)
    {
        var cleaned = string.Join('/', prefix.Split('/', StringSplitOptions.RemoveEmptyEntries));
        return prefix.StartsWith('/') && cleaned.Length > 0 ? $"/{cleaned}" : cleaned;
    }

    private EtcdOptions CheckEtcd(EtcdOptions chosen)
    {
        if (SourceOf() != SourceKind.Etcd)
            return chosen;
        if (chosen.FindExposing() is { } exposing)
            throw new SettingException(
                $"--etcd-endpoints {exposing.GetLeftPart(UriPartial.Authority)}: user and password would go over plain http to "
                    + "another machine, where anyone on the path can read them; use https, or --etcd-password-over-http if that is "
                    + "acceptable"
            );
        if (chosen is { KeyFile: not null, CertFile: null })
            throw new SettingException($"--etcd-keyfile {chosen.KeyFile}: --etcd-certfile is missing");
        if (chosen.Username is null && chosen.Password.Text.Length > 0)
            warn("--etcd-password: without effect, --etcd-username is missing");
        return chosen;
    }

    private static Uri ReadUrl(string option, string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new SettingException($"{option} {WithoutPassword(text)}: not of the form http://host:port or https://host:port");
        // A URL appears in every message about it.
        if (uri.UserInfo.Length == 0)
            return uri;
        var remedy =
            option == "--kube-api-url"
                ? "give a token or a client certificate by --kubeconfig-file"
                : "give them by --etcd-username and FLANNELD_ETCD_PASSWORD";
        throw new SettingException(
            $"{option} {uri.Scheme}://…@{uri.Authority}: a name and a password in a URL appear in log messages: {remedy}"
        );
    }

    private static string WithoutPassword(string text) => text.LastIndexOf('@') is var at and >= 0 ? $"…{text[at..]}" : text;

    // The networks from before the restart are those of existing pods.
    private ValueArray<IPPrefix> ReadPrevious()
    {
        try
        {
            var previous = SubnetFile.Find(Get(options.SubnetFile));
            return ((IPPrefix?[])[previous?.Subnet, previous?.IPv6Subnet])
                .OfType<IPPrefix>()
                .Select(subnet => subnet.Network)
                .ToValueArray();
        }
        catch (Exception e) when (e is SubnetFileException or UnusableFileException)
        {
            warn(e.Message);
            return [];
        }
    }

    private NetConf? ReadNetwork(string path)
    {
        if (path.Length == 0)
            return null;
        try
        {
            if (DurableFile.Find(path) is not { } content)
            {
                ConsiderMissing(path);
                return null;
            }

            var warnings = new List<string>();
            var network = NetConfReader.Read(System.Text.Encoding.UTF8.GetString(content), warnings);
            foreach (var warning in warnings)
                warn($"{path}: {warning}");
            return network;
        }
        catch (DocumentException e)
        {
            throw new SettingException(e.In(path));
        }
        catch (UnusableFileException e)
        {
            throw new SettingException($"--net-config-path: {e.Message}");
        }
    }

    // Without this the source kubernetes does not route: a mistyped path must not mean that.
    private void ConsiderMissing(string path)
    {
        var isNamed =
            parsed.GetResult(options.NetConfigPath) is { Implicit: false }
            || Environment.GetEnvironmentVariable(CommandOptions.VariableOf(options.NetConfigPath.Name)) is { Length: > 0 };
        if (SourceOf() == SourceKind.Kubernetes && isNamed)
            throw new SettingException($"--net-config-path {path}: file not found; set --net-config-path= if no routes are wanted");
        if (SourceOf() == SourceKind.Kubernetes)
            warn($"{path}: file not found, so nothing is routed between nodes; existing routes and tunnels stay");
        else if (isNamed)
            warn($"--net-config-path {path}: file not found; the source's cluster network applies");
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
