using Plugboard.Protocols.Cni;

namespace Plugboard.Protocols.FlexVolume;

/// <summary>A call's answer: one JSON object on one line, without nulls.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Message">A sentence for whoever reads the pod's events.</param>
public sealed record FlexAnswer(FlexStatus Status, string Message = "")
{
    // An event is cut at 1 KiB, and kubelet puts a sentence of its own before ours.
    private const int LongestMessage = 800;

    /// <summary>What the driver can: the answer to <c>init</c>.</summary>
    public FlexCapabilities? Capabilities { get; init; }

    /// <summary>The size after <c>expandvolume</c>, in bytes.</summary>
    public long? VolumeNewSize { get; init; }

    /// <summary>A failure.</summary>
    public static FlexAnswer Failure(string message) => new(FlexStatus.Failure, message);

    /// <summary>The answer to a call that the driver never serves.</summary>
    public static FlexAnswer NotSupported { get; } = new(FlexStatus.NotSupported);

    /// <summary>The bytes for standard output, with a line end.</summary>
    public byte[] ToBytes()
    {
        var json = new JsonBuilder(indented: false);
        json.BeginObject();
        json.String("status", Status == FlexStatus.NotSupported ? "Not supported" : Status.ToString());
        json.StringUnlessEmpty("message", Message.Length <= LongestMessage ? Message : Message[..LongestMessage] + "…");
        if (VolumeNewSize is { } size)
            json.Number("volumeNewSize", size);
        if (Capabilities is { } can)
        {
            json.BeginObject("capabilities");
            json.Flag("attach", can.Attach);
            json.Flag("selinuxRelabel", can.SELinuxRelabel);
            json.Flag("supportsMetrics", can.SupportsMetrics);
            json.Flag("fsGroup", can.FSGroup);
            json.Flag("requiresFSResize", can.RequiresFSResize);
            json.EndObject();
        }

        json.EndObject();
        return [.. json.ToArray(), (byte)'\n'];
    }
}
