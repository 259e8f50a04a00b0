using System.Text;
using Plugboard.Documents;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes;

namespace Plugboard.Installer.FlexVolume.Conversion;

/// <summary>
/// Writes what takes the place of FlexVolume PersistentVolumes - CSI, local ones, or volumes in the pod - with their claims, and the
/// steps to get there. Pure.
/// </summary>
internal static class Converter
{
    /// <summary>The text for all PersistentVolumes of a manifest; false where one could not be converted.</summary>
    /// <exception cref="FlexException">There is no PersistentVolume with a flexVolume source, or the only one cannot be
    /// converted.</exception>
    /// <exception cref="DocumentException">The text is neither YAML nor JSON.</exception>
    public static (string Text, bool IsWhole) Convert(ReadOnlySpan<byte> utf8)
    {
        var manifests = Manifests.Read(utf8);
        var isOne = manifests.Objects.Count == 1;
        var (notes, parts, failures) = (new List<string>(), new List<string>(), 0);
        foreach (var (kind, node) in manifests.Objects)
        {
            if (Reason(kind, node) is { } reason)
            {
                notes.AddRange(reason.Length > 0 ? [$"{Manifests.NameOf(kind, node)}: {reason}"] : (string[])[]);
                continue;
            }

            try
            {
                parts.Add(new VolumeConversion(node, manifests) { IsOne = isOne }.Convert());
            }
            catch (Exception e) when (!isOne && e is FlexException or VolumeException)
            {
                failures++;
                notes.Add($"{Manifests.NameOf(kind, node)} is not converted: {e.Message}");
            }
        }

        if (parts.Count == 0)
        {
            var reason = isOne ? notes.FirstOrDefault() : $"nothing was converted: {string.Join("; ", notes)}";
            throw new FlexException(notes.Count == 0 ? "it holds no object" : reason!);
        }

        var whole = new StringBuilder();
        foreach (var note in notes)
            whole.Append("# ").Append(note).Append('\n');
        return (whole.AppendJoin("---\n", parts).ToString(), failures == 0);
    }

    // Why an object is left out; empty: no message; null: it must be converted.
    private static string? Reason(string kind, DocumentNode node)
    {
        if (kind == "PersistentVolumeClaim")
            return "";
        if (kind != "PersistentVolume")
        {
            return Manifests.HasInlineVolume(node)
                ? "left out: a flexVolume that is written into a pod is not converted; "
                    + "write what a PersistentVolume with its options becomes into the pod"
                : "left out: not a PersistentVolume";
        }

        return node.Find("spec") is { } spec && spec.Find("flexVolume") is null ? "left out: its source is not a flexVolume" : null;
    }
}
