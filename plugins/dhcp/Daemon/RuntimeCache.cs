using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Daemon;

/// <summary>The results that runtimes keep of their calls (<c>-results</c>). They are read only.</summary>
internal sealed class RuntimeCache(DaemonOptions options)
{
    private const int LongestFile = 32 << 20;

    /// <summary>The attachments with an address by DHCP; a file that cannot be read is reported.</summary>
    public IReadOnlyList<CachedAttachment> ReadAll(Action<string> report)
    {
        var found = new List<CachedAttachment>();
        foreach (var path in options.Results)
        {
            using var directory = FileDirectory.Find(new HostPaths(options.HostPrefix).Find(path));
            foreach (var name in directory?.ReadNames() ?? [])
            {
                try
                {
                    using var file = directory!.FindRegular(name);
                    if (file is not null && CachedAttachment.Parse(file.ReadToEnd(LongestFile)) is { } cached)
                        found.Add(cached with { Path = $"{path}/{name}" });
                }
                catch (Exception e) when (e is ErrnoException or CniException)
                {
                    report($"{path}/{name} is left alone: {e.Message}");
                }
            }
        }

        return found;
    }
}
