using Plugboard.Addresses;
using Plugboard.ClusterFiles;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Runtimes;

namespace Plugboard.Doctor.Nodes;

/// <summary>The facts of the node, read when the first check needs them and shared with the other checks.</summary>
internal sealed class Node
{
    private readonly Lazy<RuntimePaths?> runtime;
    private readonly Lazy<RuntimePaths?> podman;
    private readonly Lazy<HostMounts?> host;
    private readonly Lazy<IReadOnlyList<NetworkFile>> networks;
    private readonly Lazy<ResultCache?> cache;
    private readonly Lazy<IReadOnlyList<LeaseFile>> leases;
    private readonly Lazy<IReadOnlyList<Link>> links;
    private readonly Lazy<IReadOnlyList<InterfaceAddress>> addresses;
    private readonly Lazy<NamespaceScan> namespaces;
    private readonly Lazy<IReadOnlyList<PodRecord>> portRecords;
    private readonly Dictionary<NetworkFile, IReadOnlyList<MissingPlugin>> faults = [];

    public Node(DoctorOptions options, TimeProvider clock)
    {
        Options = options;
        Now = clock.GetUtcNow();
        runtime = new(() => RuntimeFinder.Find(options.HostRoot));
        podman = new(() => PodmanFinder.Find(options.HostRoot));
        host = new(() => HostMounts.Find(options.HostRoot, options.HostProcess));
        networks = new(() => NetworkFile.ReadAll(options.HostRoot, ConfDirectory, options.DataDirectory));
        cache = new(ReadCache);
        leases = new(() => [.. DataDirectories.SelectMany(directory => LeaseFile.ReadAll(directory, Now))]);
        links = new(() => Route(static client => client.Links.List()));
        addresses = new(() => Route(static client => client.Addresses.ListAll()));
        namespaces = new(() => NamespaceScan.Run(options));
        portRecords = new(() => new PodRecordStore(PortRecordDirectory).List());
    }

    /// <summary>Where things are.</summary>
    public DoctorOptions Options { get; }

    /// <summary>The time of the examination.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>Where the container runtime looks; null if no runtime was found.</summary>
    public RuntimePaths? Runtime => runtime.Value;

    /// <summary>Where a podman with CNI looks, which uses every network config of its directory; null if absent.</summary>
    public RuntimePaths? Podman => podman.Value;

    /// <summary>True if podman uses all network configs of the directory.</summary>
    public bool PodmanUsesAll => Podman?.ConfDirectory == ConfDirectory;

    /// <summary>The node's mounts, where its plugins run as on the node; null if this process cannot enter them.</summary>
    public HostMounts? Host => host.Value;

    /// <summary>The directories of plugins, in the runtime's order.</summary>
    public IReadOnlyList<string> BinDirectories =>
        Options.BinDirectories ?? (Runtime ?? Podman)?.BinDirectories ?? [RuntimePaths.UpstreamBinDirectory];

    /// <summary>The directory of network configs.</summary>
    public string ConfDirectory => Options.ConfDirectory ?? (Runtime ?? Podman)?.ConfDirectory ?? RuntimePaths.UsualConfDirectory;

    /// <summary>The directories of plugins and what says so, for people.</summary>
    public string DescribeBinDirectories() => DescribeBinDirectories(Runtime ?? Podman);

    private string DescribeBinDirectories(RuntimePaths? paths) =>
        Options.BinDirectories is { } given ? $"{string.Join(':', given)} (--bin-dir)"
        : paths is { } found ? found.Describe()
        : $"{RuntimePaths.UpstreamBinDirectory} (assumed: no runtime's configuration was found)";

    /// <summary>The path by which a plugin is executed, as the node sees it; null where no directory has it.</summary>
    public string? FindPlugin(string type) =>
        BinDirectories
            .Select(directory => $"{directory}/{type}")
            .FirstOrDefault(path => Linux.Files.FileDescriptor.FindStatus(Under(path)) is not null);

    /// <summary>The network configs, in the runtime's order.</summary>
    public IReadOnlyList<NetworkFile> Networks => networks.Value;

    /// <summary>The config that a runtime uses: the one that its configuration names, else the first valid one; null if absent.</summary>
    public NetworkFile? ChosenNetwork =>
        Networks.FirstOrDefault(file => file.List is { } list && (Runtime?.DefaultNetwork is not { } wanted || list.Name == wanted));

    /// <summary>The configs that the runtime gives to every pod: the chosen one, and as many after it as its configuration says.</summary>
    public IReadOnlyList<NetworkFile> RuntimeNetworks
    {
        get
        {
            if (Runtime is not { DefaultNetwork: null } runtime)
                return ChosenNetwork is { } chosen ? [chosen] : [];
            var readable = Networks.Where(static file => file.List is not null);
            return runtime.UsedConfigs == 0 ? [.. readable] : [.. readable.Take(runtime.UsedConfigs)];
        }
    }

    /// <summary>
    /// The configs in use: those of the runtime and, where podman uses the directory, its own networks; without another runtime all that
    /// are readable.
    /// </summary>
    public IReadOnlyList<NetworkUse> UsedNetworks
    {
        get
        {
            var used = new List<NetworkUse>();
            var ofRuntime = RuntimeNetworks;
            foreach (var file in Networks.Where(static file => file.List is not null))
            {
                if (ofRuntime.Contains(file))
                    used.Add(new NetworkUse(file, BinDirectories, DescribeBinDirectories()));
                else if (PodmanUsesAll && (Runtime is null || file.IsOfPodman))
                    used.Add(new NetworkUse(file, Options.BinDirectories ?? Podman!.BinDirectories, DescribeBinDirectories(Podman)));
            }

            return used;
        }
    }

    /// <summary>What keeps the plugins of a config from being executed, one after the other. Runs them with VERSION, once.</summary>
    public IReadOnlyList<MissingPlugin> FaultsOf(NetworkUse use)
    {
        if (faults.TryGetValue(use.File, out var known))
            return known;
        return faults[use.File] = Host is { } mounts
            ? mounts.Run(() => Inspect(use.BinDirectories))
            : Inspect([.. use.BinDirectories.Select(Under)]);

        IReadOnlyList<MissingPlugin> Inspect(IReadOnlyList<string> directories)
        {
            var plugins = new PluginInspector(directories);
            return [.. use.List.Types.Select(type => plugins.FindFault(type, use.List.CniVersion)).OfType<MissingPlugin>()];
        }
    }

    /// <summary>What all plugins of all readable configs are to do.</summary>
    public IEnumerable<PluginUse> Plugins => Networks.SelectMany(static file => file.Plugins);

    /// <summary>The runtime's cache; null if absent.</summary>
    public ResultCache? Cache => cache.Value;

    /// <summary>The runtime's cache as it is now; null if absent.</summary>
    public ResultCache? ReadCache()
    {
        // Of before the boot no namespace is left, and the runtime's DEL comes yet.
        var boot = MachineBoot.FindTime();
        return ResultCache.Find(Under(Options.CacheDirectory), (pod, written) => written > boot && IsForgotten(pod));
    }

    // DEL by another name of the network leaves the file of ADD: the runtime removes a namespace after its DEL has succeeded.
    private bool IsForgotten(CachedPod pod) =>
        pod.NetNs.LastIndexOf('/') is var end and > 0 && Exists(pod.NetNs[..end]) && !Exists(pod.NetNs);

    /// <summary>All leases.</summary>
    public IReadOnlyList<LeaseFile> Leases => leases.Value;

    /// <summary>The node's links.</summary>
    public IReadOnlyList<Link> Links => links.Value;

    /// <summary>The addresses of the node's links.</summary>
    public IReadOnlyList<InterfaceAddress> Addresses => addresses.Value;

    /// <summary>The other namespaces.</summary>
    public NamespaceScan Namespaces => namespaces.Value;

    /// <summary>portmap's objects with their owners.</summary>
    public IReadOnlyList<PodRecord> PortRecords => portRecords.Value;

    /// <summary>Where portmap keeps its records.</summary>
    public string PortRecordDirectory => Under(PodRecordStore.Root + "/portmap");

    /// <summary>Where leases are, as this process sees it.</summary>
    public IReadOnlyList<string> DataDirectories =>
        [
            .. Plugins
                .Select(static plugin => plugin.DataDirectory)
                .OfType<string>()
                .Append(Options.DataDirectory)
                .Select(Under)
                .Distinct(StringComparer.Ordinal),
        ];

    /// <summary>Where images of loop volumes are, as this process sees it.</summary>
    public IReadOnlyList<string> VolumeRoots => [.. Options.VolumeRoots.Append(Options.KubeletDirectory).Select(Really)];

    /// <summary>A path of the node as this process sees it.</summary>
    public string Under(string path) => Options.Under(path);

    /// <summary>A path as <see cref="Under"/>, with the links on the way followed as on the node: as mounts are listed.</summary>
    public string Really(string path) => Linux.Files.RealPath.Of(Under(path), Under("/"));

    /// <summary>A path as the node sees it, for people.</summary>
    public string OnNode(string path) => path[Under("").Length..];

    /// <summary>The link with a name; null if absent.</summary>
    public Link? FindLink(string name) => Links.FirstOrDefault(link => link.Name == name);

    /// <summary>The bridges of pods: those of the configs, and those that have a port with a plugin's mark.</summary>
    public IReadOnlyList<Link> PodBridges
    {
        get
        {
            var named = Plugins.Select(static plugin => plugin.Bridge).OfType<string>().ToHashSet(StringComparer.Ordinal);
            var marked = Links
                .Where(static link => link.Alias.StartsWith(PodAlias.Mark, StringComparison.Ordinal))
                .Select(static link => link.MasterIndex)
                .ToHashSet();
            return [.. Links.Where(link => link.Kind == "bridge" && (named.Contains(link.Name) || marked.Contains(link.Index)))];
        }
    }

    /// <summary>The node's ends of the pods' links.</summary>
    public IEnumerable<Link> PodPorts
    {
        get
        {
            var bridges = PodBridges.Select(static bridge => bridge.Index).ToHashSet();
            return Links.Where(link => link.Kind == "veth" && bridges.Contains(link.MasterIndex));
        }
    }

    /// <summary>True if the container is attached, or is about to be: it has a young lease. Meaningful only with a cache.</summary>
    public bool KnowsContainer(string containerId) =>
        Cache?.KnowsContainer(containerId) == true
        || Leases.Any(lease => lease.Age < Options.Grace && lease.Content.Owner.ContainerId == containerId);

    /// <summary>True if a pod that is not in the cache is gone.</summary>
    public bool CacheTells => Cache is { IsComplete: true };

    /// <summary>True if the link of a record's pod is gone or, where it names none, its namespace; false if that is not known.</summary>
    public bool IsGone(PodRecord record)
    {
        if (record.Link.Length > 0)
            return FindLink(record.Link) is null;
        return record.NetNs.Length > 0 && !Exists(record.NetNs);
    }

    private bool Exists(string path)
    {
        try
        {
            // /proc/…/ns/net is of this process's own /proc, whatever the node's root is.
            return Linux.Files.FileDescriptor.FindStatus(path.StartsWith("/proc/", StringComparison.Ordinal) ? path : Really(path))
                is not null;
        }
        catch (Linux.ErrnoException)
        {
            return true;
        }
    }

    /// <summary>flannel's file that the used config reads, or that would be; null: no config reads one.</summary>
    public string? SubnetFilePath =>
        ChosenNetwork?.Plugins.Select(static plugin => plugin.SubnetFile).OfType<string>().FirstOrDefault() is { } path
            ? Under(path)
            : null;

    /// <summary>The content of flannel's file; null if not read, missing or invalid.</summary>
    public SubnetFile? FindSubnetFile()
    {
        try
        {
            return SubnetFilePath is { } path ? SubnetFile.Find(path) : null;
        }
        catch (SubnetFileException)
        {
            return null;
        }
    }

    /// <summary>
    /// An address of the cluster network, by flanneld's file, outside the node's own pod network; null if the file names no network.
    /// </summary>
    public IPAddr? FindFarPod(IPPrefix own)
    {
        var file = FindSubnetFile();
        foreach (var network in (own.Is6 ? file?.IPv6Networks : file?.Networks) ?? [])
        {
            if (network.Is6 != own.Is6)
                continue;
            if (!own.Contains(network.Last))
                return network.Last.Previous();
            return own.Contains(network.Network.Address) ? null : network.Network.Address.Next();
        }

        return null;
    }

    /// <summary>The link that a packet to an address leaves by; null if there is no route, or it is a blackhole.</summary>
    public string? FindWay(IPAddr destination)
    {
        try
        {
            var route = Route(client => client.Routes.Get(destination));
            return route is null ? null : Links.FirstOrDefault(link => link.Index == route.OutInterface)?.Name;
        }
        catch (NetlinkException)
        {
            return null;
        }
    }

    /// <summary>Queries links, addresses and routes.</summary>
    public static T Route<T>(Func<RouteClient, T> question)
    {
        using var client = RouteClient.Open();
        return question(client);
    }

    /// <summary>Queries nftables; the default if the kernel does not have it.</summary>
    public static T? Nftables<T>(Func<NftablesClient, T> question)
    {
        using var client = NftablesClient.Find();
        return client is null ? default : question(client);
    }
}
