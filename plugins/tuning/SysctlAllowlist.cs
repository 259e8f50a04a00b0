using System.Text;
using System.Text.RegularExpressions;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tuning;

/// <summary>
/// The settings that this node lets configs change: regular expressions, a line each, for keys as configs write them. Without the file all
/// are allowed, with an empty one none.
/// </summary>
internal static class SysctlAllowlist
{
    /// <summary>The file's path.</summary>
    public const string Path = "/etc/cni/tuning/allowlist.conf";

    private const int LargestFile = 1 << 20;

    private static readonly TimeSpan longestMatch = TimeSpan.FromSeconds(1);

    /// <summary>Throws code 7 for a setting that is not allowed.</summary>
    public static void Require(IReadOnlyList<WantedSysctl> wanted)
    {
        if (wanted.Count == 0 || Read() is not { } lines)
            return;
        var allowed = lines.ConvertAll(Compile);
        foreach (var setting in wanted)
        {
            if (!allowed.Exists(expression => expression.IsMatch(setting.Key)))
            {
                throw new CniException(
                    CniErrorCode.InvalidNetworkConfig,
                    $"Sysctl {setting.Key} is not allowed. Only the following sysctls are allowed: [{string.Join(' ', lines)}]",
                    $"{Path} on this node has the list: add an expression for it, or remove it from the network config"
                );
            }
        }
    }

    private static List<string>? Read()
    {
        using var file = FileDescriptor.FindForReading(Path);
        if (file is null)
            return null;
        var lines = Encoding.UTF8.GetString(file.ReadToEnd(LargestFile)).Split('\n', StringSplitOptions.TrimEntries);
        return [.. lines.Where(static line => line.Length > 0)];
    }

    private static Regex Compile(string line)
    {
        try
        {
            return new Regex(line, RegexOptions.CultureInvariant, longestMatch);
        }
        catch (ArgumentException e)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"error parsing regexp: {line}",
                $"correct the line in {Path}: no setting can be allowed before",
                e
            );
        }
    }
}
