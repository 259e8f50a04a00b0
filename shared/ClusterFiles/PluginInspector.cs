using System.Text.Json;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.ClusterFiles;

/// <summary>
/// Whether plugins are there and can serve: found as a runtime finds them, executables of this machine, whole, and of the network's version by their own word.
/// One that was good is not asked again until its file is another.
/// </summary>
/// <param name="directories">Where a runtime looks for plugins, in its order.</param>
internal sealed class PluginInspector(IReadOnlyList<string> directories)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<(string Path, string Version), FileStatus> good = [];

    /// <summary>What is wrong with the plugin; null: nothing.</summary>
    public MissingPlugin? FindFault(string type, string cniVersion)
    {
        if (FindPath(type) is not { } path)
            return new MissingPlugin(type, string.Join(':', directories), "it is in none of these directories");
        try
        {
            return FindFault(type, path, cniVersion);
        }
        catch (ErrnoException e)
        {
            return new MissingPlugin(type, path, e.Errno == Errno.EACCES ? "it is not executable, or its filesystem is mounted noexec" : e.Message);
        }
    }

    // libcni's rule: the first regular file of that name.
    private string? FindPath(string type)
    {
        foreach (var directory in directories)
        {
            var path = $"{directory}/{type}";
            if (IsRegular(path))
                return path;
        }

        return null;
    }

    private static bool IsRegular(string path)
    {
        try
        {
            return FileDescriptor.FindStatus(path) is { IsRegular: true };
        }
        catch (ErrnoException)
        {
            return false;
        }
    }

    private MissingPlugin? FindFault(string type, string path, string cniVersion)
    {
        FileStatus status;
        string? fault;
        using (var file = FileDescriptor.OpenForReading(path))
        {
            status = file.Status();
            if (good.TryGetValue((path, cniVersion), out var known) && known == status)
                return null;
            fault = ElfHeader.FindFault(file);
        }

        fault ??= FindVersionFault(path, cniVersion);
        if (fault is not null)
            return new MissingPlugin(type, path, fault);
        good[(path, cniVersion)] = status;
        return null;
    }

    private static string? FindVersionFault(string path, string cniVersion)
    {
        var input = new JsonMembers();
        input.Set("cniVersion", JsonValue.Of(cniVersion));
        var result = new Command(path)
        {
            Environment = ["CNI_COMMAND=VERSION", "CNI_NETNS=dummy", "CNI_IFNAME=dummy", "CNI_PATH=dummy", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
            Input = input.ToBytes(),
            Timeout = Patience,
            KillPatience = Patience,
        }.Run();
        if (result.TimedOut)
            return $"it does not answer VERSION within {Patience.TotalSeconds} s";
        if (!result.Succeeded)
            return $"VERSION ends with {(result.Signal is { } signal ? $"signal {signal}" : $"exit code {result.ExitCode}")}";
        try
        {
            return FindIn(JsonValue.Parse(result.Output, "VERSION"), cniVersion);
        }
        catch (CniException)
        {
            return "it does not answer VERSION as a CNI plugin does";
        }
    }

    private static string? FindIn(JsonValue answer, string cniVersion)
    {
        var node = new ConfigNode(answer, "");
        IReadOnlyList<string> versions = node.Find("supportedVersions") is { Value.Kind: JsonValueKind.Array }
            ? node.GetStrings("supportedVersions")
            : node.GetString("cniVersion") == "0.2.0" ? ["0.1.0", "0.2.0"] : [];
        return versions.Contains(cniVersion)
            ? null
            : $"it speaks CNI {(versions.Count == 0 ? "of no version" : string.Join(", ", versions))}, the conflist is {cniVersion}";
    }
}
