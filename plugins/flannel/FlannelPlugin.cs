using Plugboard.Addresses;
using Plugboard.ClusterFiles;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Flannel;

/// <summary>
/// Connects pods by another plugin, with the node's part of the cluster's network that a daemon wrote down. Comes first in a list of
/// plugins.
/// </summary>
internal sealed class FlannelPlugin : CniPlugin
{
    /// <inheritdoc/>
    public override string Name => "flannel";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        AttachmentState.RequireStorable(request);
        var config = FlannelConfig.Parse(request);
        var delegated = DelegateConfig.Render(request.NetworkName, config, NodeSubnet.Load(config.SubnetFile));
        var plugin = FindForAdd(new DelegateCall(request, delegated).WithPrevResult());
        var kept = AttachmentState.Write(delegated, request.IfName);
        using var states = StateDirectory.Ensure(config.DataDir);
        var earlier = states.Find(request);
        if (earlier is { IfName: not null, Failed: false })
            return AddAgain(plugin, states, earlier, kept);

        // Before the delegate is called: if this process is killed then, DEL knows the delegate.
        var file = earlier is { Failed: true } ? states.Replace(earlier.FileName, kept) : states.Keep(request, kept);
        try
        {
            return Explained(plugin.Add, delegated, config);
        }
        // What the reference attached may be this very attachment, in use.
        catch (Exception e) when (earlier is null or { Failed: true })
        {
            using var rollback = new Rollback(Report);
            var failed = AttachmentState.Write(delegated.With(AttachmentState.FailedKey, JsonValue.Of(true)), request.IfName);
            rollback.OnFailure("undo what the delegate did", () => Undo(plugin, states, (file, failed), IsRefusal(e)));
            throw;
        }
    }

    // The delegate knows one config: where its values are from, it cannot say.
    private static T Explained<T>(Func<T> call, DelegateConfig delegated, FlannelConfig config)
    {
        try
        {
            return call();
        }
        catch (CniException e) when (delegated.FindSource(e.Message, config.SubnetFile) is { } source)
        {
            throw new CniException(e.Code, e.Message, e.Details.Length == 0 ? source : $"{source}: {e.Details}", e) { Advice = e.Advice };
        }
    }

    // A delegate that refused the call has made nothing, and its DEL would refuse it too, or take away what another ADD has made. What else
    // it may have left and could not take away is asked for once more by the pod's DEL.
    private static void Undo(PluginDelegate plugin, StateDirectory states, (string File, byte[] Failed) kept, bool refused)
    {
        try
        {
            if (!refused)
                plugin.Undo();
            states.Remove(kept.File);
        }
        catch (CniException)
        {
            states.Replace(kept.File, kept.Failed);
            throw;
        }
    }

    // The codes of the specification's section 5 for a call that is wrong, and ours for a container that is attached already.
    private static bool IsRefusal(Exception e) =>
        e
            is CniException
            {
                Code: CniErrorCode.IncompatibleVersion
                    or CniErrorCode.UnsupportedField
                    or CniErrorCode.UnknownContainer
                    or CniErrorCode.InvalidEnvironment
                    or CniErrorCode.DecodingFailure
                    or CniErrorCode.InvalidNetworkConfig
                    or CniErrorCode.InvalidNetNs
                    or CniErrorCode.AlreadyAdded
            };

    // The attachment may be in use: a failure takes nothing of it away, and what it was made with stays known until there is something
    // else.
    private static CniResult AddAgain(PluginDelegate plugin, StateDirectory states, AttachmentState earlier, byte[] kept)
    {
        var result = plugin.Add();
        states.Replace(earlier.FileName, kept);
        return result;
    }

    private static PluginDelegate FindForAdd(DelegateCall call)
    {
        try
        {
            return call.Find();
        }
        catch (CniException e)
        {
            throw new CniException(e.Code, $"failed to delegate add: {e.Message}", e.Details, e);
        }
    }

    /// <inheritdoc/>
    public override void Del(CniRequest request)
    {
        using var states = StateDirectory.Find(FlannelConfig.DataDirOf(request));
        if (states?.Find(request) is { Config: not null } state)
            Release(states, state, request);
        else if (states is null || !TryDelUnknown(states, request))
            DelForgotten(request);
    }

    // Nothing that was kept may keep a pod from ending for ever: a delegate's config that it refuses was made by an ADD that failed, or was
    // right before the delegate was upgraded or removed. A failure that may pass, and any of a living attachment, is the caller's to
    // repeat.
    private static void Release(StateDirectory states, AttachmentState state, CniRequest request)
    {
        try
        {
            new DelegateCall(request, DelegateConfig.Of(state.Config!.Root)).WithPrevResult().Find().Del();
        }
        catch (CniException e) when (e.Code != CniErrorCode.TryAgainLater && (state.Failed || IsRefusal(e)))
        {
            StandardError.WriteLine($"flannel: the delegate cannot release what {states.Path}/{state.FileName} says: {e.Message}");
            if (!state.Failed && !TryDelAsNow(request))
                throw new CniException(e.Code, e.Message, $"{states.Path}/{state.FileName} has the delegate's config; {e.Details}", e);
        }

        states.Remove(state.FileName);
    }

    private static bool TryDelAsNow(CniRequest request)
    {
        try
        {
            var config = FlannelConfig.Parse(request);
            DelAsNow(request, config, NodeSubnet.FindLeniently(config.SubnetFile));
            return true;
        }
        catch (CniException e)
        {
            StandardError.WriteLine($"flannel: nor with what the network config says now: {e.Message}");
            return false;
        }
    }

    private static void DelAsNow(CniRequest request, FlannelConfig config, SubnetFile? subnet) =>
        new DelegateCall(request, DelegateConfig.Render(request.NetworkName, config, subnet)).WithPrevResult().Find().Del();

    // The file was removed, or dataDir is another one now; or a DEL has been done, and the delegate finds nothing. Nothing is known to be
    // left, so the runtime is not kept waiting by a delegate that cannot be called.
    private static void DelForgotten(CniRequest request)
    {
        try
        {
            var config = FlannelConfig.Parse(request);
            DelAsNow(request, config, NodeSubnet.FindLeniently(config.SubnetFile));
        }
        catch (CniException e)
        {
            StandardError.WriteLine(
                $"flannel: no config of the attachment is kept, and what the network config says now fails: {e.Message}"
            );
        }
    }

    // A file that a power cut tore, and another network's file of the reference, which it wrote over this one's: the delegate is called
    // with what ADD would call it with now. False: there is no such file.
    private static bool TryDelUnknown(StateDirectory states, CniRequest request)
    {
        if ((states.Find(request) ?? states.FindByContainer(request.ContainerId)) is not { } state)
            return false;
        var torn = state.Config is null;
        if (!torn && state.IfName is not null)
            return false;
        var why = torn ? "cannot be read" : $"is of the network {state.Config!.Name}";
        StandardError.WriteLine($"flannel: {states.Path}/{state.FileName} {why}: the delegate is called with what the config says now");
        DelAnew(request);
        if (torn)
            states.Remove(state.FileName);
        return true;
    }

    // Without the daemon's file the delegate may not be able to do it; then nothing ever will be, and the runtime is not kept waiting for
    // it.
    private static void DelAnew(CniRequest request)
    {
        SubnetFile? subnet = null;
        try
        {
            var config = FlannelConfig.Parse(request);
            subnet = NodeSubnet.FindLeniently(config.SubnetFile);
            DelAsNow(request, config, subnet);
        }
        catch (CniException e) when (subnet is null)
        {
            StandardError.WriteLine($"flannel: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var dataDir = FlannelConfig.Parse(request).DataDir;
        using var states = StateDirectory.Find(dataDir);
        if (states?.Find(request) is not { Config: { } config, Failed: false })
        {
            throw new CniException(
                CniErrorCode.NotAsAdded,
                $"no config of container {request.ContainerId}, interface {request.IfName} is kept",
                $"{dataDir} has what each pod was attached with; without it DEL cannot release the pod: restart the pod"
            );
        }

        new DelegateCall(request, DelegateConfig.Of(config.Root)).InVersionOfCall().WithPrevResult().Find().Check();
    }

    /// <inheritdoc/>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid)
    {
        if (valid is null)
            return;
        var failures = new Failures();
        failures.Try(() => ReleaseStale(request, valid, failures));
        failures.Try(() => GcDelegate(request));
        failures.ThrowIfAny();
    }

    private static void ReleaseStale(CniRequest request, IReadOnlySet<Attachment> valid, Failures failures)
    {
        using var states = StateDirectory.Find(FlannelConfig.DataDirOf(request));
        if (states is null)
            return;
        var containers = new HashSet<string>(valid.Select(static attachment => attachment.ContainerId), StringComparer.Ordinal);
        foreach (var state in states.List())
        {
            // One that cannot be read may be of any network.
            if (state.Config is not { } config || config.Name != request.NetworkName)
                continue;
            // Of the reference's nothing but the container is known.
            if (
                state.IfName is null
                    ? containers.Contains(state.ContainerId)
                    : valid.Contains(new Attachment(request.NetworkName, state.ContainerId, state.IfName))
            )
                continue;
            var del = request with
            {
                Verb = CniVerb.Del,
                ContainerId = state.ContainerId,
                IfName = state.IfName ?? AttachmentState.UsualIfName,
                NetNs = "",
            };
            failures.Try(() => Release(states, state, del));
        }
    }

    private static void GcDelegate(CniRequest request)
    {
        var config = FlannelConfig.Parse(request);
        var delegated = DelegateConfig.Render(request.NetworkName, config, NodeSubnet.FindLeniently(config.SubnetFile));
        new DelegateCall(request, delegated).WithAttachments().Find().Gc();
    }

    /// <inheritdoc/>
    public override void Status(CniRequest request)
    {
        var config = FlannelConfig.Parse(request);
        SubnetFile subnet;
        try
        {
            subnet = NodeSubnet.Load(config.SubnetFile);
            FileDirectory.ProbeWritable(config.DataDir);
        }
        catch (CniException e)
        {
            throw new CniException(CniErrorCode.PluginNotAvailable, e.Message, e.Details, e);
        }
        catch (ErrnoException e)
        {
            throw new CniException(
                CniErrorCode.PluginNotAvailable,
                e.Message,
                "what a pod is attached with must be kept until its DEL: "
                    + (e.Errno is Errno.ENOSPC or Errno.EDQUOT ? SpaceShortage.Remedy(e.Errno, config.DataDir) : "make dataDir writable"),
                e
            );
        }

        var delegated = DelegateConfig.Render(request.NetworkName, config, subnet);
        var plugin = new DelegateCall(request, delegated).Find();
        Explained(
            () =>
            {
                plugin.Status();
                return true;
            },
            delegated,
            config
        );
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = FlannelConfig.Validate(request);
        return FlannelConfig.FindLeniently(request) is { } config ? [.. problems, .. ValidateDelegate(request, config)] : problems;
    }

    // Its ipam comes from the daemon's file, which may not be there yet.
    private static IEnumerable<string> ValidateDelegate(CniRequest request, FlannelConfig config)
    {
        var call = DelegateConfig.Render(request.NetworkName, config, null).Without("ipam");
        return NeighbourValidation
            .Find(call.Type, call.ToBytes())
            .Where(static problem => !problem.Contains("IPAM", StringComparison.Ordinal))
            .Select(static problem => $"delegate.{problem}");
    }

    private static void Report(string what, Exception e) => StandardError.WriteLine($"flannel: cannot {what}: {e.Message}");
}
