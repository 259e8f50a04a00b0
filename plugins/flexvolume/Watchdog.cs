using System.Globalization;
using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes;

namespace Plugboard.FlexVolume;

/// <summary>
/// Serves a call that may wait for a server in a child, and kills that when the time is up. The child has the volume's lock: one that the kernel does
/// not let go keeps it, and the next call says so instead of adding another that hangs.
/// </summary>
internal sealed class Watchdog(DriverName name, Dialect dialect)
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(2);

    /// <summary>True for a call that may wait for a server: mounting from one, and unmounting what is from one, whoever mounted it.</summary>
    public static bool IsNeeded(Dialect dialect, FlexCall call) => call.Verb switch
    {
        FlexVerb.Mount => dialect.IsRemote,
        FlexVerb.Unmount => RemoteMount(call) is not null,
        _ => false,
    };

    private static MountEntry? RemoteMount(FlexCall call)
    {
        foreach (var entry in MountTable.ReadAt(call.Directory.TrimEnd('/')).Entries)
        {
            if (entry.IsRemote)
                return entry;
        }

        return null;
    }

    /// <summary>Serves the call.</summary>
    public byte[] Serve(FlexCall call, string[] args)
    {
        var policy = NodeConfig.Load(name);
        var limit = call.Verb == FlexVerb.Mount ? policy.MountTimeout : policy.UnmountTimeout;
        var result = new Command("/proc/self/exe")
        {
            Arguments = ["worker"],
            Input = Encoding.UTF8.GetBytes(string.Join('\0', [name.Tilded, limit.TotalSeconds.ToString(CultureInfo.InvariantCulture), .. args])),
            Timeout = limit,
            KillPatience = patience,
        }.Run();
        if (result.Succeeded && result.Output.Length > 0)
            return result.Output;
        var answer = result.TimedOut
            ? TimedOut(call, policy, limit, result.Abandoned)
            : FlexAnswer.Failure($"{dialect.Backend}: the process of this call was ended by {(result.Signal is { } signal ? $"signal {signal}" : $"exit code {result.ExitCode}")}; kubelet will retry");
        return answer.ToBytes();
    }

    /// <summary>The call that this process, a child, is to serve, and how long it may take before the kernel ends it.</summary>
    public static (DriverName Name, TimeSpan Limit, string[] Args) ReadCall()
    {
        using var input = FileDescriptor.StandardInput();
        var words = Encoding.UTF8.GetString(input.ReadToEnd()).Split('\0');
        var name = words.Length > 2 ? DriverName.Find(words[0]) : null;
        if (name is null || Dialect.Find(name) is null || !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            throw new FlexException("worker is a command of the driver for itself");
        return (name, TimeSpan.FromSeconds(seconds + 5), words[2..]);
    }

    private FlexAnswer TimedOut(FlexCall call, VolumePolicy policy, TimeSpan limit, int? abandoned)
    {
        var seconds = limit.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        var fate = abandoned is { } pid ? $"the {call.Name} process is killed and still blocked in the kernel (pid {pid})" : $"{call.Name} process killed";
        return FlexAnswer.Failure($"{dialect.Backend}: {call.Directory} did not come within {seconds} s; {fate}");
    }
}
