using System.Text.Json;
using Plugboard.Protocols.Cni;

namespace Plugboard.Protocols.FlexVolume;

/// <summary>A call's answer: one JSON object on one line, without nulls.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Message">A sentence for the pod's events.</param>
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

    /// <summary>What kubelet would not like about an answer to <c>init</c>; null if all is well.</summary>
    /// <param name="output">All that the driver wrote.</param>
    public static string? FindProblemOfInit(ReadOnlySpan<byte> output)
    {
        try
        {
            var answer = FlexJson.ParseObject(output, "the answer");
            if (Member(answer, "status")?.Text != "Success")
                return $"init says \"{Member(answer, "status")?.Text}\" instead of \"Success\": {Member(answer, "message")?.Text}";
            if (Member(answer, "capabilities") is not { Kind: JsonValueKind.Object } capabilities)
                return "init reports no capabilities: kubelet takes the driver for one that attaches, or panics";
            foreach (var name in (string[])["attach", "selinuxRelabel", "supportsMetrics", "fsGroup", "requiresFSResize"])
            {
                if (Member(capabilities, name) is not { Kind: JsonValueKind.True or JsonValueKind.False })
                    return $"init does not report the capability \"{name}\", which kubelet then takes for its own default";
            }

            return null;
        }
        catch (FlexException e)
        {
            return e.Message;
        }
    }

    private static JsonValue? Member(JsonValue value, string name)
    {
        for (var i = 0; i < value.Names.Count; i++)
        {
            if (value.Names[i].Equals(name, StringComparison.OrdinalIgnoreCase))
                return value.Values[i];
        }

        return null;
    }

    private string Shortened =>
        Message.Length <= LongestMessage
            ? Message
            : Message[..(char.IsHighSurrogate(Message[LongestMessage - 1]) ? LongestMessage - 1 : LongestMessage)] + "…";

    /// <summary>The bytes for standard output, with a line end.</summary>
    public byte[] ToBytes()
    {
        var json = new JsonBuilder(indented: false);
        json.BeginObject();
        json.String("status", Status == FlexStatus.NotSupported ? "Not supported" : Status.ToString());
        json.StringUnlessEmpty("message", Shortened);
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
