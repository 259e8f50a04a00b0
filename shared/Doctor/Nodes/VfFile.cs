using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Linux.Files;

namespace Plugboard.Doctor.Nodes;

/// <summary>A file of sriov, ours or the reference's: the network config of the ADD, with what the function was before.</summary>
/// <param name="Owner">The attachment.</param>
/// <param name="Device">The function's PCI address.</param>
/// <param name="Delegates">The plugins that its DEL calls.</param>
internal sealed record VfFile(Attachment Owner, string Device, IReadOnlyList<string> Delegates)
{
    private const int LargestFile = 1 << 20;

    /// <summary>Reads one; null if it is no such file, or is gone.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="name">Its name: the container's id, a dash, the interface.</param>
    public static VfFile? Read(string path, string name)
    {
        using var file = FileDescriptor.FindForReading(path);
        // No interface's name has a dash where the reference's runtime gives it: eth0, net1.
        var dash = name.LastIndexOf('-');
        if (file is null || dash <= 0)
            return null;
        try
        {
            var content = file.ReadToEnd(LargestFile);
            using var document = JsonDocument.Parse(content);
            var root = document.RootElement;
            return
                root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("OrigVfState", out _)
                && root.TryGetProperty("deviceID", out var device)
                && root.TryGetProperty("name", out var network)
                ? new VfFile(
                    new Attachment(network.GetString() ?? "", name[..dash], name[(dash + 1)..]),
                    device.GetString() ?? "",
                    ConfigDelegates.Find(content)
                )
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
