using System.Text.Json;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.ClusterFiles;

/// <summary>
/// Whether plugins are there and can serve: found as a runtime finds them, executables of this machine, whole, and of the network's version
/// by their own word. A plugin that has answered is called again only after its file changed.
/// </summary>
/// <param name="directories">Where a runtime looks for plugins, in its order.</param>
internal sealed class PluginInspector(IReadOnlyList<string> directories)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, (FileStatus File, IReadOnlyList<string> Versions)> good = [];

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
            return new MissingPlugin(
                type,
                path,
                e.Errno == Errno.EACCES ? "it is not executable, or its filesystem is mounted noexec" : e.Message
            );
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
        var (versions, fault) = AskOnce(path, cniVersion);
        if (fault is null && !versions.Contains(cniVersion))
            fault = $"it speaks CNI {(versions.Count == 0 ? "of no version" : string.Join(", ", versions))}, the conflist is {cniVersion}";
        return fault is null ? null : new MissingPlugin(type, path, fault);
    }

    private (IReadOnlyList<string> Versions, string? Fault) AskOnce(string path, string cniVersion)
    {
        FileStatus status;
        using (var file = FileDescriptor.OpenForReading(path))
        {
            status = file.Status();
            if (good.TryGetValue(path, out var known) && known.File == status)
                return (known.Versions, null);
            if (FindFault(file) is { } broken)
                return ([], broken);
        }

        var (versions, fault) = Ask(path, cniVersion);
        if (fault is null)
            good[path] = (status, versions);
        return (versions, fault);
    }

    // A script is left to its interpreter.
    private static string? FindFault(FileDescriptor file)
    {
        Span<byte> start = stackalloc byte[2];
        start = start[..file.ReadAt(start, 0)];
        if (start.IsEmpty)
            return "it is empty: a copy that was not finished";
        if (start.SequenceEqual("#!"u8))
            return null;
        if (ElfFile.Find(file) is not { } elf)
            return "it is no executable (no ELF)";
        var isForeign = elf.Machine != 0 && (!elf.Is64LittleEndian || elf.Machine != ElfFile.OwnMachine);
        if (isForeign)
            return $"it is for another processor ({ElfFile.NameOf(elf.Machine)}), this machine is {ElfFile.NameOf(ElfFile.OwnMachine)}";
        return elf.IsCutOff(file) ? "it is cut off: a copy that was not finished" : null;
    }

    private static (IReadOnlyList<string> Versions, string? Fault) Ask(string path, string cniVersion)
    {
        var input = new JsonMembers();
        input.Set("cniVersion", JsonValue.Of(cniVersion));
        var result = new Command(path)
        {
            Environment =
            [
                "CNI_COMMAND=VERSION",
                "CNI_NETNS=dummy",
                "CNI_IFNAME=dummy",
                "CNI_PATH=dummy",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            ],
            Input = input.ToBytes(),
            Timeout = Patience,
            KillPatience = Patience,
        }.Run();
        if (result.TimedOut)
            return ([], $"it does not answer VERSION within {Patience.TotalSeconds} s");
        if (!result.Succeeded)
            return ([], $"VERSION ends with {(result.Signal is { } signal ? $"signal {signal}" : $"exit code {result.ExitCode}")}");
        try
        {
            return (VersionsOf(JsonValue.Parse(result.Output, "VERSION")), null);
        }
        catch (CniException)
        {
            return ([], "it does not answer VERSION as a CNI plugin does");
        }
    }

    private static IReadOnlyList<string> VersionsOf(JsonValue answer)
    {
        var node = new ConfigNode(answer, "");
        return node.Find("supportedVersions") is { Value.Kind: JsonValueKind.Array } ? node.GetStrings("supportedVersions")
            : node.GetString("cniVersion") == "0.2.0" ? ["0.1.0", "0.2.0"]
            : [];
    }
}
