using Plugboard.Addresses;
using Plugboard.ClusterFiles;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Files;

/// <summary>
/// Writes the files that the CNI plugins and the runtime read: subnet.env, and last of all the conflist, which makes the runtime report the
/// node as ready.
/// </summary>
/// <param name="options">The paths.</param>
/// <param name="nodeName">This node's name.</param>
internal sealed class FilesReconciler(FilesOptions options, string nodeName) : IReconciler, IDisposable
{
    private readonly LastGoodState lastGood = new(options.StateDirectory, nodeName);
    private readonly ConflistWriter? conflist =
        options.ConflistFile.Length == 0 ? null : new ConflistWriter(options.ConflistFile, options.PluginDirectories);
    private readonly List<PathWatch> watches = [];
    private volatile IReadOnlyList<string> warnings = [];
    private (SubnetFile Subnet, byte[] Conflist)? lastWritten;

    /// <inheritdoc/>
    public string Name => "files";

    /// <inheritdoc/>
    public bool WaitsForOthers => true;

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>
    /// After a reboot: writes the last confirmed subnet.env, until the source delivers a new one. Null: there was nothing to do.
    /// </summary>
    public SubnetFile? Restore() => lastGood.Restore(options.SubnetFile);

    /// <summary>
    /// Watches the files for changes by other processes: without them no pod starts, and a node without a conflist is not ready.
    /// </summary>
    /// <param name="changed">Called on other threads; also for the reconciler's own writes.</param>
    /// <exception cref="ErrnoException">No more files can be watched; the audit still finds changes.</exception>
    public void Watch(Action changed)
    {
        watches.Add(PathWatch.Start(Path.GetFullPath(options.SubnetFile), changed));
        if (conflist is null)
            return;
        watches.Add(PathWatch.Start(Path.GetFullPath(conflist.Path), changed));
        if (options.ConflistTemplate is not ("flannel" or "bridge"))
            watches.Add(PathWatch.Start(Path.GetFullPath(options.ConflistTemplate), changed));
    }

    /// <summary>The content of subnet.env; null if this node has no pod network, one outside the cluster network, or no uplink.</summary>
    public static SubnetFile? Describe(ClusterView view, bool masquerades)
    {
        if (view.Self is not { PodCidrs.Count: > 0, Uplink: { } uplink } || view.Self.FindOutside(view.Network) is not null)
            return null;
        var mtu = view.Self.PodCidrs.Min(cidr => Tunnels.PodMtu(view.Network, uplink, cidr.Is6));
        return new SubnetFile
        {
            Networks = NetworksOf(view, is6: false),
            Subnet = view.Self.PodCidr(is6: false) is { } own4 ? SubnetFile.FirstOf(own4) : null,
            IPv6Networks = NetworksOf(view, is6: true),
            IPv6Subnet = view.Self.PodCidr(is6: true) is { } own6 ? SubnetFile.FirstOf(own6) : null,
            Mtu = (uint)mtu,
            IpMasq = masquerades,
        };
    }

    private static IReadOnlyList<IPPrefix> NetworksOf(ClusterView view, bool is6) =>
        view.Self.PodCidr(is6) is { } own ? [view.Network.NetworkOf(is6) ?? own] : [];

    /// <inheritdoc/>
    public SyncOutcome Plan(ClusterView view)
    {
        var changes = new List<Change>();
        if (Describe(view, options.Masquerades) is not { } subnet)
            return SyncOutcome.Steady;
        NoteMtu(view, subnet);
        if (IsOther(options.SubnetFile, System.Text.Encoding.UTF8.GetBytes(subnet.Render())) is { } verb)
            changes.Add(new Change(verb, "file", options.SubnetFile));
        if (conflist is null)
            return new SyncOutcome(changes, []);
        try
        {
            var wanted = conflist.Fit(Template(subnet).Render(subnet));
            if (IsOther(conflist.Path, wanted.Content) is { } written)
                changes.Add(new Change(written, "file", conflist.Path));
            return new SyncOutcome(changes, conflist.FindMissing(wanted).Select(Describe).ToList());
        }
        catch (ConflistException e)
        {
            return new SyncOutcome(changes, [e.Message]);
        }
    }

    private static ChangeVerb? IsOther(string path, ReadOnlySpan<byte> wanted)
    {
        if (FileDescriptor.FindStatus(path) is null)
            return ChangeVerb.Add;
        var present = DurableFile.FindReadable(path);
        return present is not null && wanted.SequenceEqual(present) ? null : ChangeVerb.Replace;
    }

    /// <inheritdoc/>
    public SyncOutcome Sync(ClusterView view, SyncCause cause)
    {
        var write = new FileChanges();
        if (Describe(view, options.Masquerades) is { } subnet)
        {
            NoteMtu(view, subnet);
            return Write(subnet, write);
        }

        // The list is complete and has no pods for this node: no pod must start here.
        if (view.Self.IsGone && conflist is not null)
            write.Try(ChangeVerb.Delete, conflist.Path, conflist.Remove);
        return new SyncOutcome(write.Changes, write.Problems);
    }

    /// <summary>Nothing: no file has anything of a peer.</summary>
    public SyncOutcome SyncPeers(ClusterView view, IReadOnlyCollection<string> touched) => SyncOutcome.Steady;

    private SyncOutcome Write(SubnetFile subnet, FileChanges write)
    {
        var isUsable = write.Try(ChangeVerb.Replace, options.SubnetFile, () => subnet.Write(options.SubnetFile));
        // Without it pods start all the same, until the next reboot.
        write.Try(null, $"{options.StateDirectory}/subnet.env", () => lastGood.Save(subnet));
        if (conflist is null || !isUsable)
            return new SyncOutcome(write.Changes, write.Problems) { IsUsable = isUsable };
        var missing = new List<string>();
        try
        {
            var wanted = Template(subnet).Render(subnet);
            isUsable = write.Try(ChangeVerb.Replace, conflist.Path, () => WriteConflist(wanted, missing));
            if (isUsable && missing.Count == 0)
                lastWritten = (subnet, wanted.Content);
        }
        catch (Exception e) when (e is ConflistException or ErrnoException)
        {
            var isKept = IsLastGood(subnet);
            var problem = isKept ? $"{e.Message}; {conflist.Path} stays unchanged" : e.Message;
            return new SyncOutcome(write.Changes, [.. write.Problems, problem]) { IsUsable = isKept };
        }

        return new SyncOutcome(write.Changes, [.. write.Problems, .. missing]) { IsUsable = isUsable && missing.Count == 0 };
    }

    private bool WriteConflist(Conflist wanted, List<string> missing)
    {
        var outcome = conflist!.Write(wanted);
        missing.AddRange(outcome.Missing.Select(Describe));
        return outcome.Written;
    }

    // An invalid template was valid when the conflist was made from it.
    private bool IsLastGood(SubnetFile subnet) =>
        lastWritten is { } last
        && last.Subnet == subnet
        && DurableFile.Find(conflist!.Path) is { } present
        && present.AsSpan().SequenceEqual(last.Conflist);

    // flanneld subtracts 50 bytes for IPv6 too, and relies on path MTU discovery for the missing 20.
    private void NoteMtu(ClusterView view, SubnetFile subnet)
    {
        var isTunnel6 = view.Network.Backend.Type == BackendType.Vxlan && subnet.IPv6Subnet is not null;
        if (
            isTunnel6
            && FindPresent() is { } present
            && present.Mtu == subnet.Mtu + Tunnels.VxlanOverhead(is6: true) - Tunnels.VxlanOverhead(is6: false)
        )
            warnings =
            [
                $"{options.SubnetFile}: FLANNEL_MTU {present.Mtu} becomes {subnet.Mtu}: vxlan adds 70 bytes to IPv6, flanneld "
                    + "subtracts 50; existing pods keep their MTU",
            ];
    }

    private SubnetFile? FindPresent()
    {
        try
        {
            return SubnetFile.Find(options.SubnetFile);
        }
        catch (Exception e) when (e is SubnetFileException or ErrnoException)
        {
            // It is overwritten.
            return null;
        }
    }

    private ConflistTemplate Template(SubnetFile subnet) =>
        options.ConflistTemplate switch
        {
            "flannel" => ConflistTemplate.Flannel,
            "bridge" => ConflistTemplate.Bridge(subnet),
            var path => ConflistTemplate.Read(path),
        };

    private static string Describe(MissingPlugin missing) => $"{missing}; install it, then the runtime's configuration is written";

    /// <inheritdoc/>
    public SyncOutcome Remove(bool isDryRun)
    {
        var changes = new List<Change>();
        // Another node's subnet.env was not confirmed here.
        var isOwn =
            lastGood.Find() is { } kept
            && DurableFile.FindReadable(options.SubnetFile) is { } present
            && System.Text.Encoding.UTF8.GetString(present) == kept.Render();
        foreach (var path in (string[])[options.ConflistFile, isOwn ? options.SubnetFile : "", $"{options.StateDirectory}/subnet.env"])
        {
            if (path.Length > 0 && FileDescriptor.FindStatus(path) is not null)
                changes.Add(new Change(ChangeVerb.Delete, "file", path));
        }

        if (isDryRun)
            return new SyncOutcome(changes, []);
        var write = new FileChanges();
        foreach (var change in changes)
            write.Try(ChangeVerb.Delete, change.Text, () => DurableFile.Remove(change.Text));
        return new SyncOutcome(write.Changes, write.Problems);
    }

    /// <summary>Stops watching; the files stay.</summary>
    public void Dispose()
    {
        foreach (var watch in watches)
            watch.Dispose();
    }
}
