using System.Text;
using System.Text.Json;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Install;

/// <summary>Executes a file as its callers will, and checks the answer.</summary>
public static class Verification
{
    /// <summary>How long the answer may take, in seconds. The slowest seen on a busy node is a hundredth of it.</summary>
    private const int Seconds = 10;

    /// <summary>What keeps this machine from executing a file: null, or that it is unfinished or for another processor.</summary>
    /// <exception cref="ErrnoException">It cannot be read.</exception>
    public static string? FindProblemOfFile(FileDescriptor file)
    {
        Span<byte> start = stackalloc byte[2];
        start = start[..file.ReadAt(start, 0)];
        if (start.IsEmpty)
            return "it is empty: a copy that was not finished";
        // A script is left to its interpreter.
        if (IsScript(file))
            return null;
        if (ElfFile.Find(file) is not { } elf)
            return "it is no executable (no ELF)";
        var isForeign = elf.Machine != 0 && (!elf.Is64LittleEndian || elf.Machine != ElfFile.OwnMachine);
        if (isForeign)
            return $"it is for another processor ({ElfFile.NameOf(elf.Machine)}), this machine is {ElfFile.NameOf(ElfFile.OwnMachine)}";
        return elf.IsCutOff(file) ? "it is cut off: a copy that was not finished" : null;
    }

    /// <summary>True for a file that another program executes, by its first line.</summary>
    /// <exception cref="ErrnoException">It cannot be read.</exception>
    public static bool IsScript(FileDescriptor file)
    {
        Span<byte> start = stackalloc byte[2];
        return start[..file.ReadAt(start, 0)].SequenceEqual("#!"u8);
    }

    /// <summary>
    /// The path to execute a file of a directory by. The interpreter of a script opens it once more, when the descriptors of this process
    /// are closed for it.
    /// </summary>
    internal static string PathOf(FileDirectory directory, string name)
    {
        using var file = directory.FindRegular(name);
        return file is not null && IsScript(file) ? $"{directory.Path}/{name}" : directory.SelfPath(name);
    }

    /// <summary>Calls a CNI plugin with VERSION: null, or what a runtime would not like about its answer.</summary>
    /// <param name="executable">The path to execute.</param>
    /// <exception cref="ErrnoException">It could not be executed.</exception>
    public static string? FindProblemOfPlugin(string executable) => AskPlugin(executable, "1.0.0").Problem;

    /// <summary>Calls a CNI plugin with VERSION, as libcni does.</summary>
    /// <param name="executable">The path to execute.</param>
    /// <param name="cniVersion">The version of the call.</param>
    /// <exception cref="ErrnoException">It could not be executed.</exception>
    public static PluginAnswer AskPlugin(string executable, string cniVersion)
    {
        var input = new JsonMembers();
        input.Set("cniVersion", JsonValue.Of(cniVersion));
        var result = new Command(executable)
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
            Timeout = TimeSpan.FromSeconds(Seconds),
            KillPatience = TimeSpan.FromSeconds(Seconds),
        }.Run();
        if (FindProblem("VERSION", result) is { } problem)
            return new PluginAnswer([], problem);
        try
        {
            using var answer = JsonDocument.Parse(result.Output);
            var versions = VersionsOf(answer.RootElement);
            return new PluginAnswer(versions, versions.Count > 0 ? null : $"VERSION reports no supportedVersions: {Text(result.Output)}");
        }
        catch (JsonException)
        {
            return new PluginAnswer([], $"VERSION does not answer with JSON: {Text(result.Output)}");
        }
    }

    // libcni takes an answer of 0.2.0 without a list for these two.
    private static IReadOnlyList<string> VersionsOf(JsonElement answer)
    {
        if (answer.ValueKind != JsonValueKind.Object)
            return [];
        if (answer.TryGetProperty("supportedVersions", out var versions) && versions.ValueKind == JsonValueKind.Array)
            return
            [
                .. versions
                    .EnumerateArray()
                    .Where(static version => version.ValueKind == JsonValueKind.String)
                    .Select(static version => version.GetString()!),
            ];
        return answer.TryGetProperty("cniVersion", out var own) && own.ValueKind == JsonValueKind.String && own.ValueEquals("0.2.0")
            ? ["0.1.0", "0.2.0"]
            : [];
    }

    /// <summary>Calls a FlexVolume driver with <c>init</c>: null, or what kubelet would not like about its answer.</summary>
    /// <param name="executable">The path to execute.</param>
    /// <param name="name">The path it is to have, by which a driver knows which one it is.</param>
    /// <exception cref="ErrnoException">It could not be executed.</exception>
    public static string? FindProblemOfDriver(string executable, string name)
    {
        var result = new Command(executable)
        {
            Name = name,
            Arguments = ["init"],
            Timeout = TimeSpan.FromSeconds(Seconds),
        }.Run();
        if (FindProblem("init", result) is { } problem)
            return problem;
        return result.Error.Length > 0
            ? "init wrote to standard error, which kubelet reads as a part of the answer"
            : FlexAnswer.FindProblemOfInit(result.Output);
    }

    /// <summary>The version that one of our executables reports; null if none.</summary>
    public static string? FindVersion(string executable)
    {
        var result = new Command(executable) { Arguments = ["--version"], Timeout = TimeSpan.FromSeconds(Seconds) }.Run();
        var line = Encoding.UTF8.GetString(result.Output).Split('\n')[0];
        return result.Succeeded && line.Length > 0 ? line[(line.LastIndexOf(' ') + 1)..] : null;
    }

    private static string? FindProblem(string call, CommandResult result)
    {
        if (result.TimedOut)
            return $"{call} did not end within {Seconds} s; {(call == "init" ? "kubelet" : "the runtime")} would hang";
        if (result.Succeeded)
            return null;
        var end = result.Signal is { } signal ? $"signal {signal}" : $"exit code {result.ExitCode}";
        byte[] printed = [.. result.Output, .. result.Error];
        return $"{call} ended with {end}{(printed.Length > 0 ? $": {Text(printed)}" : "")}";
    }

    private static string Text(byte[] output)
    {
        const int Most = 200;
        var text = Encoding.UTF8.GetString(output).Trim().ReplaceLineEndings(" ");
        return text.Length <= Most ? text : text[..Most] + "…";
    }
}

/// <summary>What a CNI plugin answered to VERSION.</summary>
/// <param name="Versions">The versions of CNI that it supports; empty with a problem.</param>
/// <param name="Problem">What a runtime would not like about the answer; null if nothing.</param>
public sealed record PluginAnswer(IReadOnlyList<string> Versions, string? Problem);
