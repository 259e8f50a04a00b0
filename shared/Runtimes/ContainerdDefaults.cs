using System.Globalization;
using System.Text;

namespace Plugboard.Runtimes;

/// <summary>
/// Where containerd looks if no file says so. Upstream: /opt/cni/bin. Debian's packages: 1.6 (Debian 12) as upstream, 1.7 (Debian 13)
/// /usr/lib/cni, from 2.1 both. Source: <c>containerd config default</c> of each package; all of them also install a config.toml that
/// names /usr/lib/cni. Debian's versions have <c>ds</c> after upstream's, as in 1.7.24~ds1-6; Docker's containerd.io is upstream's build.
/// </summary>
/// <param name="BinDirectories">The directories of plugins.</param>
/// <param name="Reason">What was assumed, for people.</param>
internal sealed record ContainerdDefaults(IReadOnlyList<string> BinDirectories, string Reason)
{
    private const string Status = "/var/lib/dpkg/status";

    /// <summary>Those of upstream's builds.</summary>
    public static ContainerdDefaults Upstream { get; } = new([RuntimePaths.UpstreamBinDirectory], "containerd's default");

    /// <summary>Those of the host's package.</summary>
    public static ContainerdDefaults Of(HostFiles files) => FindVersion(files) is { } version ? OfDebian(version) : Upstream;

    /// <summary>Those of a version of Debian's package.</summary>
    public static ContainerdDefaults OfDebian(string version)
    {
        if (!version.Contains("ds", StringComparison.Ordinal))
            return Upstream;
        var reason = $"the default of Debian's containerd {version}";
        return Release(version) switch
        {
            (> 2, _) or (2, >= 1) => new([RuntimePaths.DebianBinDirectory, RuntimePaths.UpstreamBinDirectory], reason),
            (2, _) or (1, >= 7) => new([RuntimePaths.DebianBinDirectory], reason),
            _ => new([RuntimePaths.UpstreamBinDirectory], reason),
        };
    }

    /// <summary>
    /// The first number of the version of dpkg's installed package, also of Docker's, containerd.io; null if absent.
    /// </summary>
    public static int? FindMajor(HostFiles files)
    {
        var status = files.FindList(Status) is { } content ? Encoding.UTF8.GetString(content) : "";
        return (FindVersion(status) ?? FindVersion(status, "containerd.io")) is { } version && Release(version).Major is > 0 and var major
            ? major
            : null;
    }

    /// <summary>The version of dpkg's installed package containerd; null if absent.</summary>
    public static string? FindVersion(HostFiles files) =>
        files.FindList(Status) is { } content ? FindVersion(Encoding.UTF8.GetString(content)) : null;

    internal static string? FindVersion(string status, string name = "containerd")
    {
        foreach (var package in status.Split("\n\n"))
        {
            if (!package.TrimStart('\n').StartsWith($"Package: {name}\n", StringComparison.Ordinal))
                continue;
            var lines = package.Split('\n');
            return Field(lines, "Status: ")?.EndsWith(" installed", StringComparison.Ordinal) == true ? Field(lines, "Version: ") : null;
        }

        return null;
    }

    private static string? Field(string[] lines, string name) =>
        Array.Find(lines, line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..];

    private static (int Major, int Minor) Release(string version)
    {
        var numbers = version[(version.IndexOf(':', StringComparison.Ordinal) + 1)..].Split('.', 3);
        return numbers.Length > 1 && Number(numbers[0]) is { } major && Number(numbers[1]) is { } minor ? (major, minor) : (0, 0);
    }

    private static int? Number(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
