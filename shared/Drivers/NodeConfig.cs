using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes;

namespace Plugboard.Drivers;

/// <summary>
/// The administrator's config of a driver, as the policy of its volumes: <c>/etc/flexvolume/&lt;vendor&gt;~&lt;driver&gt;.json</c>.
/// </summary>
public static class NodeConfig
{
    private const string Directory = "/etc/flexvolume";
    private const uint WritableByOthers = 0x12;

    /// <summary>Reads it; without a file the defaults apply.</summary>
    /// <exception cref="FlexException">It is invalid, or a user other than root could have written it.</exception>
    public static VolumePolicy Load(DriverName name)
    {
        using var file = Find(name);
        var policy = Default(name);
        return file is null ? policy : ApplyTrusted(file, policy);
    }

    /// <summary>
    /// As <see cref="Load"/>, with the defaults if it is invalid: mounted volumes must be unmountable whatever the file says now.
    /// </summary>
    public static VolumePolicy LoadOrDefault(DriverName name)
    {
        try
        {
            return Load(name);
        }
        catch (Exception e) when (e is FlexException or ErrnoException)
        {
            return Default(name);
        }
    }

    private static VolumePolicy Default(DriverName name) =>
        new()
        {
            Roots = Dialect.Find(name)?.DefaultRoots is { Count: > 0 } roots ? roots : ["/var/lib/flexvolume/" + name.Driver],
            MakeRoot = true,
        };

    // The node agent's driver had a config of this name before.
    private static FileDescriptor? Find(DriverName name) =>
        Find($"{Directory}/{name.Tilded}.json") ?? (name.Tilded == "nodeagent~uds" ? Find($"{Directory}/nodeagent.json") : null);

    private static FileDescriptor? Find(string path)
    {
        try
        {
            return FileDescriptor.FindForReading(path);
        }
        catch (UnusableFileException e)
        {
            throw new FlexException($"{path} is refused: it is {e.Kind}, not a regular file");
        }
    }

    private static VolumePolicy ApplyTrusted(FileDescriptor file, VolumePolicy policy)
    {
        var (user, mode) = file.Ownership();
        if (user != 0 || (mode & WritableByOthers) != 0)
            throw new FlexException(
                $"{file.Path} is refused: it must belong to root and be writable for root only (chown root: and chmod go-w)"
            );
        try
        {
            return Apply(FlexConfig.Parse(file.ReadToEnd()), policy);
        }
        catch (FlexConfigKeyException e)
        {
            var meant = Spelling.FindNearest(e.Key, FlexConfig.Keys);
            throw new FlexException($"{file.Path}: {e.Message}{(meant is null ? "" : $" (did you mean \"{meant}\"?)")}");
        }
        catch (FlexException e)
        {
            throw new FlexException($"{file.Path}: {e.Message}");
        }
    }

    private static VolumePolicy Apply(FlexConfig config, VolumePolicy policy)
    {
        var forced = config.Flag("allowSuid") == true ? MountAttributes.None : MountAttributes.NoSuid;
        forced |= config.Flag("allowDevices") == true ? MountAttributes.None : MountAttributes.NoDev;
        return policy with
        {
            Roots = Roots(config) ?? policy.Roots,
            MakeRoot = config.Texts("roots") is null,
            IsShared = config.Flag("shared") ?? false,
            Servers = config.Texts("servers"),
            CredentialFiles = config.Texts("credentialFiles") ?? [],
            AllowedMountOptions = config.Texts("allowedMountOptions") ?? [],
            ForbiddenMountOptions = config.Texts("forbiddenMountOptions") ?? [],
            ForcedMountOptions = config.Text("forcedMountOptions") ?? "",
            ForcedAttributes = forced,
            MountTimeout = config.Seconds("mountTimeoutSeconds") ?? policy.MountTimeout,
            UnmountTimeout = config.Seconds("unmountTimeoutSeconds") ?? policy.UnmountTimeout,
            ForceUnreachable = Force(config),
            RequireSharedPropagation = config.Flag("requireSharedPropagation") ?? false,
            MkfsOptions = config.Lists("mkfsOptions") ?? policy.MkfsOptions,
            ManagementHome = config.Text("nodeagent_management_home") ?? policy.ManagementHome,
            WorkloadHome = config.Text("nodeagent_workload_home") ?? policy.WorkloadHome,
            CredentialsHome = config.Text("nodeagent_credentials_home") ?? policy.CredentialsHome,
        };
    }

    private static IReadOnlyList<string>? Roots(FlexConfig config)
    {
        var roots = config.Texts("roots");
        foreach (var root in roots ?? [])
        {
            if (!root.StartsWith('/') || root.Contains("/..", StringComparison.Ordinal))
                throw new FlexException("\"roots\" of the node config contains a path that is not absolute and plain");
        }

        return roots is { Count: 0 } ? throw new FlexException("\"roots\" of the node config is empty") : roots;
    }

    private static bool Force(FlexConfig config) =>
        config.Text("force") switch
        {
            null or "never" => false,
            "unreachable" => true,
            _ => throw new FlexException("\"force\" of the node config is neither \"never\" nor \"unreachable\""),
        };
}
