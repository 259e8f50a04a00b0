using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Linux.Files;

namespace Plugboard.Doctor.Nodes;

/// <summary>A file of flannel, ours or the reference's: the config that the delegate of an attachment was called with.</summary>
/// <param name="ContainerId">The attachment's container.</param>
/// <param name="Owner">The attachment; null if the file does not say its network, as one that a power cut emptied.</param>
/// <param name="Delegates">The plugins that its DEL calls.</param>
internal sealed record FlannelFile(string ContainerId, Attachment? Owner, IReadOnlyList<string> Delegates)
{
    private const char Separator = ':';
    private const string IfNameKey = "plugboard/ifname";
    private const string UsualIfName = "eth0";
    private const int LargestFile = 1 << 20;

    /// <summary>Reads one.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="name">Its name: the container's id, or that, the network's name and the interface's with colons between.</param>
    public static FlannelFile Read(string path, string name)
    {
        var parts = name.Split(Separator);
        using var file = FileDescriptor.FindForReading(path);
        var content = file?.ReadToEnd(LargestFile) ?? [];
        var owner = parts.Length == 3 ? new Attachment(parts[1], parts[0], parts[2]) : FindOwner(name, content);
        return new FlannelFile(parts.Length == 3 ? parts[0] : name, owner, ConfigDelegates.Find(content, "type"));
    }

    // The reference's file does not say the interface: it has one file for a container, whose interface runtimes call eth0.
    private static Attachment? FindOwner(string containerId, byte[] content)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("name", out var network))
                return null;
            var ifName = root.TryGetProperty(IfNameKey, out var told) ? told.GetString() : UsualIfName;
            return network.GetString() is { Length: > 0 } text && ifName is { Length: > 0 }
                ? new Attachment(text, containerId, ifName)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
