using System.Globalization;
using System.Text;
using Plugboard.Drivers;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes;
using Plugboard.Volumes.Remote;

namespace Plugboard.FlexVolume;

/// <summary>
/// Serves a call that may wait for a server in a child, and kills that when the time is up. The child has the volume's lock: one that the
/// kernel does not let go keeps it, and the next call says so instead of adding another that hangs.
/// </summary>
internal sealed class Watchdog(DriverName name, Dialect dialect)
{
    /// <summary>The first argument of a child that is to take a mount away by force; the second is where.</summary>
    public const string ForceArgument = "force";

    private static readonly TimeSpan patience = TimeSpan.FromSeconds(2);

    /// <summary>True for a call that may wait for a server: mounting from one, and unmounting a mount from one, of any author.</summary>
    public static bool IsNeeded(Dialect dialect, FlexCall call) =>
        call.Verb switch
        {
            FlexVerb.Mount => dialect.IsRemote,
            FlexVerb.Unmount => RemoteMount(call) is not null,
            _ => false,
        };

    private static MountEntry? RemoteMount(FlexCall call)
    {
        foreach (var entry in MountTable.ReadAt(Target(call)).Entries)
        {
            if (entry.IsRemote)
                return entry;
        }

        return null;
    }

    /// <summary>Serves the call.</summary>
    public byte[] Serve(FlexCall call, string[] args)
    {
        var policy = call.Verb == FlexVerb.Unmount ? NodeConfig.LoadOrDefault(name) : NodeConfig.Load(name);
        var limit = call.Verb == FlexVerb.Mount ? policy.MountTimeout : policy.UnmountTimeout;
        var hadDirectory =
            call.Verb != FlexVerb.Mount
            || MountTable.ReadAt(Target(call)).Entries.Count > 0
            || FileDescriptor.FindStatus(Target(call)) is not null;
        var result = RunChild(limit, args);
        if (result.Succeeded && result.Output.Length > 0)
            return result.Output;
        if (result.Abandoned is null)
            CleanUp(call, policy, hadDirectory);
        var answer = result.TimedOut
            ? TimedOut(call, policy, limit, result.Abandoned)
            : FlexAnswer.Failure(
                $"{dialect.Backend}: the process of this call was ended by "
                    + $"{(result.Signal is { } signal ? $"signal {signal}" : $"exit code {result.ExitCode}")}; kubelet will retry"
            );
        return answer.ToBytes();
    }

    // What a child that was killed could not take back: its lock's file, and the directory where kubelet had not made that.
    private static void CleanUp(FlexCall call, VolumePolicy policy, bool hadDirectory)
    {
        try
        {
            Leftovers.Forget(Target(call), policy, !hadDirectory);
        }
        catch (Exception e) when (e is VolumeException or ErrnoException)
        {
            // Another call works on the volume already, and cleans up behind itself.
            return;
        }
    }

    private static string Target(FlexCall call) => call.Directory.TrimEnd('/');

    private CommandResult RunChild(TimeSpan limit, string[] args) =>
        new Command("/proc/self/exe")
        {
            Arguments = ["worker"],
            Input = Encoding.UTF8.GetBytes(
                string.Join('\0', [name.Tilded, limit.TotalSeconds.ToString(CultureInfo.InvariantCulture), .. args])
            ),
            Timeout = limit,
            KillPatience = patience,
        }.Run();

    /// <summary>The call that this process, a child, is to serve, and how long it may take before it is killed.</summary>
    public static (DriverName Name, TimeSpan Limit, string[] Args) ReadCall()
    {
        using var input = FileDescriptor.StandardInput();
        var words = Encoding.UTF8.GetString(input.ReadToEnd()).Split('\0');
        var name = words.Length > 2 ? DriverName.Find(words[0]) : null;
        if (
            name is null
            || Dialect.Find(name) is null
            || !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        )
            throw new FlexException("worker is a command of the driver for itself");
        return (name, TimeSpan.FromSeconds(seconds), words[2..]);
    }

    // The call's own words at its end: whether the server answers now shows the cause.
    private FlexAnswer TimedOut(FlexCall call, VolumePolicy policy, TimeSpan limit, int? abandoned)
    {
        var seconds = limit.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        var fate = abandoned is { } pid
            ? string.Create(CultureInfo.InvariantCulture, $"the {call.Name} process is killed and still blocked in the kernel (pid {pid})")
            : $"{call.Name} process killed";
        // The mount may have gone at the last moment, or with the process that was killed.
        if (call.Verb == FlexVerb.Unmount && abandoned is null && MountTable.ReadAt(Target(call)).Entries.Count == 0)
            return new Driver(name, dialect).Serve(call);
        var (server, state) = Probe(call);
        if (
            call.Verb == FlexVerb.Unmount
            && policy.ForceUnreachable
            && state != Errno.None
            && server is not null
            && Probe(call).State != Errno.None
        )
            return Force(call, server);
        var asked = server is null ? call.Directory : $"server {server.Name}";
        var found = server is null ? "" : $" ({server.Describe(state)})";
        return FlexAnswer.Failure($"{dialect.Backend}: {asked} did not answer within {seconds} s{found}; {fate}");
    }

    private (RemoteServer? Server, Errno State) Probe(FlexCall call)
    {
        try
        {
            IReadOnlyList<RemoteServer> servers =
                call.Verb == FlexVerb.Mount
                    ? ServerOfOptions(call) is { } asked
                        ? [asked]
                        : []
                    : RemoteMount(call) is { } mount
                        ? new MountServers().Candidates(mount)
                        : [];
            foreach (var server in servers)
            {
                if (server.Probe(server.Resolve(dialect.Backend)) == Errno.None)
                    return (server, Errno.None);
            }

            return servers.Count == 0 ? (null, Errno.None) : (servers[0], servers[0].Probe(servers[0].Resolve(dialect.Backend)));
        }
        catch (VolumeException)
        {
            // No name, no answer: the message does without them.
            return (null, Errno.None);
        }
    }

    private RemoteServer? ServerOfOptions(FlexCall call)
    {
        var driver = new Driver(name, dialect);
        return (driver.OpenBackend() as RemoteBackend)?.ServerOf(driver.RequestOf(call));
    }

    // Only mounts on the directory itself are named: the path of a mount below leads through the one whose server does not answer. All
    // mounts below go with it.
    private FlexAnswer Force(FlexCall call, RemoteServer server)
    {
        var target = Target(call);
        _ = RunChild(patience, [ForceArgument, target]);
        return MountTable.ReadAt(target).Entries.Count == 0
            ? new FlexAnswer(
                FlexStatus.Success,
                $"{dialect.Backend}: server {server.Name} does not answer, the mount was taken away by force: what was not written "
                    + "yet is lost"
            )
            : FlexAnswer.Failure(
                $"{dialect.Backend}: server {server.Name} does not answer, and the mount cannot be taken away even by force; kubelet "
                    + "will retry"
            );
    }

    /// <summary>Takes a mount away by force, in a child: even that may wait for a server.</summary>
    public static void ForceHere(string target)
    {
        Unmounting.Force(target);
        _ = FileDirectory.TryRemoveDirectory(target);
    }
}
