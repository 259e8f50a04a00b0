using System.Globalization;

namespace Plugboard.Protocols.FlexVolume;

/// <summary>
/// One call's arguments. The JSON is the one that begins with a brace, wherever it stands: versions of kubelet differ in the order of the
/// rest around it (<c>isattached</c>), and 1.5 gave <c>mount</c> a device that later ones do not.
/// </summary>
public sealed record FlexCall
{
    /// <summary>The call.</summary>
    public required FlexVerb Verb { get; init; }

    /// <summary>The call as it was written.</summary>
    public required string Name { get; init; }

    /// <summary>The directory of mount, unmount, mountdevice, unmountdevice, expandfs and expandvolume; empty for other calls.</summary>
    public string Directory { get; init; } = "";

    /// <summary>The JSON.</summary>
    public FlexOptions Options { get; init; } = FlexOptions.None;

    /// <summary>The device of waitforattach, mountdevice and expandfs; may be empty.</summary>
    public string Device { get; init; } = "";

    /// <summary>The size that expandvolume and expandfs want, in bytes.</summary>
    public long NewBytes { get; init; }

    /// <summary>Reads the arguments after the executable.</summary>
    /// <exception cref="FlexException">One is missing or wrong.</exception>
    public static FlexCall Parse(IReadOnlyList<string> args)
    {
        if (args.Count == 0)
            throw new FlexException("no call: kubelet gives one as the first argument");
        var call = new FlexCall { Verb = VerbOf(args[0]), Name = args[0] };
        string? json = null;
        var others = new List<string>();
        for (var i = 1; i < args.Count; i++)
        {
            if (json is null && args[i].TrimStart().StartsWith('{'))
                json = args[i];
            else
                others.Add(args[i]);
        }

        return call.Verb switch
        {
            FlexVerb.Mount => call with { Directory = Need(call, others, 0, "the mount directory"), Options = Json(call, json) },
            FlexVerb.Unmount or FlexVerb.UnmountDevice => call with { Directory = Need(call, others, 0, "the mount directory") },
            FlexVerb.WaitForAttach => call with { Device = Need(call, others, 0, "the device") },
            FlexVerb.MountDevice => call with
            {
                Directory = Need(call, others, 0, "the mount directory"),
                Device = Need(call, others, 1, "the device"),
                Options = Json(call, json),
            },
            FlexVerb.ExpandFs => Sized(call, others, 1, json) with { Device = others[0] },
            FlexVerb.ExpandVolume => Sized(call, others, 0, json),
            _ => call,
        };
    }

    private static FlexVerb VerbOf(string name) =>
        name switch
        {
            "init" => FlexVerb.Init,
            "getvolumename" => FlexVerb.GetVolumeName,
            "attach" => FlexVerb.Attach,
            "waitforattach" => FlexVerb.WaitForAttach,
            "isattached" => FlexVerb.IsAttached,
            "detach" => FlexVerb.Detach,
            "mountdevice" => FlexVerb.MountDevice,
            "unmountdevice" => FlexVerb.UnmountDevice,
            "mount" => FlexVerb.Mount,
            "unmount" => FlexVerb.Unmount,
            "expandvolume" => FlexVerb.ExpandVolume,
            "expandfs" => FlexVerb.ExpandFs,
            _ => FlexVerb.Unknown,
        };

    // The last two are the new and the old size, as decimal numbers.
    private static FlexCall Sized(FlexCall call, List<string> others, int at, string? json)
    {
        var directory = Need(call, others, at, "the mount directory");
        var size = Need(call, others, at + 1, "the new size");
        return long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
            ? call with
            {
                Directory = directory,
                NewBytes = bytes,
                Options = Json(call, json),
            }
            : throw new FlexException($"{call.Name}: the new size \"{FlexJson.Shorten(size)}\" is not a number of bytes");
    }

    private static string Need(FlexCall call, List<string> others, int at, string what) =>
        at < others.Count ? others[at] : throw new FlexException($"{call.Name}: {what} is missing");

    private static FlexOptions Json(FlexCall call, string? json) =>
        json is null ? throw new FlexException($"{call.Name}: the options argument is missing") : FlexOptions.Parse(json);
}
