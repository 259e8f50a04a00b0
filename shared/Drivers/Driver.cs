using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes;
using Plugboard.Volumes.Local;
using Plugboard.Volumes.Loop;
using Plugboard.Volumes.Options;
using Plugboard.Volumes.Remote;
using Plugboard.Volumes.Tmpfs;
using Plugboard.Volumes.Uds;

namespace Plugboard.Drivers;

/// <summary>Serves the calls of one driver: converts each to a backend's, and any outcome to an answer.</summary>
public sealed class Driver(DriverName name, Dialect dialect)
{
    /// <summary>
    /// How long a call may take in all, where that is limited from outside: the wait for another call ends before, so that there is time to
    /// name it.
    /// </summary>
    public TimeSpan? Limit { get; init; }

    /// <summary>Serves a call in this process.</summary>
    public FlexAnswer Serve(FlexCall call)
    {
        try
        {
            return call.Verb switch
            {
                FlexVerb.Init => new FlexAnswer(FlexStatus.Success) { Capabilities = dialect.Capabilities },
                FlexVerb.Mount => new FlexAnswer(FlexStatus.Success, OpenBackend().Publish(RequestOf(call))),
                FlexVerb.Unmount => Unmount(call),
                FlexVerb.ExpandFs => ExpandFs(call),
                // The file or directory is on the node, and this call comes on the control plane: all is done by expandfs.
                FlexVerb.ExpandVolume => new FlexAnswer(FlexStatus.Success) { VolumeNewSize = call.NewBytes },
                // Never supported, so kubelet may remember it. A name of our own for volumes would have running pods' volumes unmounted
                // (kubernetes#44737).
                _ => FlexAnswer.NotSupported,
            };
        }
        catch (Exception e)
        {
            return Describe(e, name);
        }
    }

    /// <summary>What a failure is called in an answer.</summary>
    public static FlexAnswer Describe(Exception e, DriverName? name = null) =>
        FlexAnswer.Failure(
            e switch
            {
                MissingOptionException missing => $"{missing.Message}; set flexVolume.options.{missing.Option}",
                MissingSecretException missing =>
                    $"{missing.Message}; secretRef must name a Secret of type \"{name?.Slashed}\" with keys username, password",
                MissingNamespaceException missing =>
                    $"{missing.Message}; kubelet passes it as \"kubernetes.io/pod.namespace\": by hand add that to the options, "
                        + "or let the node config share the roots (\"shared\": true)",
                VolumeException or FlexException or ErrnoException => e.Message,
                _ => $"unexpected error in the driver: {e.Message}",
            }
        );

    /// <summary>The backend under the node's policy.</summary>
    public IVolumeBackend OpenBackend() => BackendUnder(NodeConfig.Load(name));

    private IVolumeBackend BackendUnder(VolumePolicy given)
    {
        var policy = given with { LockTimeout = Limit * 0.75 };
        return dialect.Backend switch
        {
            "local" => new LocalBackend(policy),
            "loop" => new LoopBackend(policy),
            "tmpfs" => new TmpfsBackend(policy),
            "uds" => new UdsBackend(policy),
            "nfs" => new NfsBackend(policy),
            "cifs" => new CifsBackend(policy),
            _ => throw new FlexException($"no backend is called {dialect.Backend}"),
        };
    }

    /// <summary>A mount call as a backend takes it.</summary>
    public PublishRequest RequestOf(FlexCall call)
    {
        var options = call.Options;
        var secrets = new Dictionary<string, Secret>(StringComparer.Ordinal);
        foreach (var (key, value) in options.Secrets)
            secrets[key] = new Secret(value);
        return new PublishRequest(call.Directory, OptionsOf(call))
        {
            Name = options.VolumeName,
            ReadOnly = options.IsReadOnly,
            FsType = options.FsType,
            FsGroup = options.FsGroup,
            Pod = new VolumePod(options.PodNamespace, options.PodName, options.PodUid, options.ServiceAccount),
            Secrets = secrets,
        };
    }

    private VolumeOptions OptionsOf(FlexCall call) => new(call.Options.Own, dialect.Names);

    private FlexAnswer Unmount(FlexCall call)
    {
        BackendUnder(NodeConfig.LoadOrDefault(name)).Unpublish(call.Directory);
        return new FlexAnswer(FlexStatus.Success);
    }

    private FlexAnswer ExpandFs(FlexCall call)
    {
        // kubelet asks attach:false drivers too when a claim grew that has nothing on the node to grow.
        if (!dialect.Capabilities.RequiresFSResize)
            return new FlexAnswer(FlexStatus.Success);
        using (var directory = FileDescriptor.FindDirectory(call.Directory))
        {
            if (directory is null)
                throw new FlexException($"expandfs: {call.Directory} does not exist");
        }

        var size = OpenBackend().Expand(new ExpandRequest(call.Directory, OptionsOf(call), call.NewBytes));
        return new FlexAnswer(FlexStatus.Success) { VolumeNewSize = size };
    }
}
