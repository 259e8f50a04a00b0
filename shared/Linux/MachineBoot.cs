using System.Buffers.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Linux;

/// <summary>When the machine was started.</summary>
public static class MachineBoot
{
    /// <summary>
    /// The time of the last boot in nanoseconds since 1970, to the second; null if /proc does not show it. Source: proc_stat(5).
    /// </summary>
    public static Int128? FindTime()
    {
        using var file = FileDescriptor.FindKernelFile("/proc/stat");
        if (file is null)
            return null;
        ReadOnlySpan<byte> text = file.ReadToEnd();
        var at = text.IndexOf("\nbtime "u8);
        return at >= 0 && Utf8Parser.TryParse(text[(at + 7)..], out long seconds, out _) ? (Int128)seconds * 1_000_000_000 : null;
    }
}
