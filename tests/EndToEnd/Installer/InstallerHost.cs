using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Installer;

/// <summary>
/// A folder that stands for a host, with the reference plugins in place, and the installer that works on it from outside.
/// </summary>
internal sealed partial class InstallerHost : IDisposable
{
    /// <summary>What the reference has of what we have.</summary>
    public static readonly string[] Plugins = ["bridge", "host-local", "loopback", "portmap"];

    private readonly Dictionary<(string Directory, string Plugin), byte[]> contents = [];

    public InstallerHost()
    {
        Directory.CreateDirectory(Bin);
        Directory.CreateDirectory(Drivers);
        foreach (var plugin in (string[])[.. Plugins, "bandwidth"])
            File.Copy(Path.Combine(PluginDirectory.Reference, plugin), Path.Combine(Bin, plugin));
    }

    public CniNode Node { get; } = new();

    /// <summary>The host's root directory.</summary>
    public string Root => Path.Combine(Node.Directory, "host");

    /// <summary>Its runtime's plugin directory.</summary>
    public string Bin => Path.Combine(Root, "opt/cni/bin");

    /// <summary>Its kubelet's driver directory.</summary>
    public string Drivers => Path.Combine(Root, "usr/libexec/kubernetes/kubelet-plugins/volume/exec");

    /// <summary>What is remembered of the plugins.</summary>
    public string State => Path.Combine(Bin, ".plugboard");

    public static string Executable => Path.Combine(PluginDirectory.Ours, "installer");

    /// <summary>The words that run a verb on this host.</summary>
    public string[] Command(string arguments) =>
        [
            Executable,
            .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            .. arguments.Contains("--plugins", StringComparison.Ordinal) ? (string[])[] : ["--plugins", string.Join(',', Plugins)],
            "--host-root",
            Root,
        ];

    /// <summary>Runs a verb.</summary>
    public CniOutput Run(string arguments, params string[] prefix)
    {
        var (exitCode, output, error) = Node.TryTool([.. prefix, .. Command(arguments)]);
        return new CniOutput(exitCode, output, error);
    }

    /// <summary>Runs a verb that must succeed, with JSON as its output.</summary>
    public IReadOnlyDictionary<string, JsonNode> Json(string arguments)
    {
        var files = Run(arguments + " --output json").Json["files"]!.AsArray();
        return files.ToDictionary(static file => Path.GetFileName((string)file!["path"]!), static file => file!, StringComparer.Ordinal);
    }

    /// <summary>A word per file, as <c>name: state</c>.</summary>
    public IEnumerable<string> States(string arguments) =>
        Json(arguments).Select(static pair => $"{pair.Key}: {(string)pair.Value["state"]!}");

    /// <summary>Runs a shell script on the machine, which must succeed.</summary>
    public string Shell(string script)
    {
        var (exitCode, output, error) = Node.TryTool(["sh", "-ec", script]);
        return exitCode == 0 ? output.TrimEnd('\n') : throw new InvalidOperationException($"`{script}`: {error}{output}");
    }

    /// <summary>Whose a plugin is by its content: <c>ours</c>, <c>reference</c> or <c>other</c>.</summary>
    public string OwnerOf(string plugin) => OwnerOf(plugin, plugin);

    /// <summary>Whose a file in the plugin directory is by its content, compared with a plugin of that name.</summary>
    public string OwnerOf(string file, string plugin)
    {
        var content = File.ReadAllBytes(Path.Combine(Bin, file));
        return content.AsSpan().SequenceEqual(ContentOf(PluginDirectory.Ours, plugin)) ? "ours"
            : content.AsSpan().SequenceEqual(ContentOf(PluginDirectory.Reference, plugin)) ? "reference"
            : "other";
    }

    private byte[] ContentOf(string directory, string plugin) =>
        contents.TryGetValue((directory, plugin), out var content)
            ? content
            : contents[(directory, plugin)] = File.ReadAllBytes(Path.Combine(directory, plugin));

    /// <summary>Whose the plugins are, one word where all are the same.</summary>
    public string Owners => string.Join(' ', Plugins.Select(OwnerOf).Distinct());

    /// <summary>Everything in the plugin directory, as a path and a mode each.</summary>
    public IReadOnlyList<string> Files() =>
        [.. EntriesBelow(Bin).Select(entry => $"{Path.GetRelativePath(Bin, entry.FullName)} {Mode(entry)}")];

    private static IEnumerable<FileSystemInfo> EntriesBelow(string directory) =>
        new DirectoryInfo(directory)
            .EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .OrderBy(static entry => entry.FullName, StringComparer.Ordinal);

    private static string Mode(FileSystemInfo entry) => Convert.ToString((int)entry.UnixFileMode, 8);

    /// <summary>Keeps the host as it is: what the installer changes it replaces, so a second name of each file is a copy.</summary>
    public void Keep() => Node.Tool($"cp -al {Root} {Root}.kept");

    /// <summary>Makes it what it was when it was kept.</summary>
    public void Return()
    {
        Directory.Delete(Root, recursive: true);
        Node.Tool($"cp -al {Root}.kept {Root}");
    }

    /// <summary>
    /// What is on the host, without times: each directory with its mode, each file with its size and target too, and the records' words.
    /// </summary>
    public string Snapshot()
    {
        var text = new StringBuilder();
        foreach (var entry in EntriesBelow(Root))
        {
            text.Append($"{entry.FullName} {Mode(entry)} {(entry as FileInfo)?.Length} {entry.LinkTarget}\n");
            if (entry is FileInfo { LinkTarget: null } && entry.Name.Contains("record-", StringComparison.Ordinal))
                text.Append(File.ReadAllText(entry.FullName));
        }

        return TimePattern().Replace(text.ToString(), "");
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[\d:]+Z", RegexOptions.None, 1000)]
    private static partial Regex TimePattern();

    /// <summary>Fails unless each plugin is whole, and answers.</summary>
    public void AssertAllWork(params string[] plugins)
    {
        if (plugins.Length == 0)
            plugins = Plugins;
        Assert.DoesNotContain("other", plugins.Select(OwnerOf));
        var answers = Shell(
            $"cd {Bin}; for p in {string.Join(' ', plugins)}; do echo '{{\"cniVersion\":\"1.0.0\"}}' | CNI_COMMAND=VERSION ./$p; echo; done"
        );
        Assert.Equal(plugins.Length, answers.Split("supportedVersions").Length - 1);
    }

    /// <summary>
    /// The system calls of a verb before which it may be ended, each that changes anything, and some of those that only look: between two
    /// of them the state is the same.
    /// </summary>
    public IReadOnlyList<SystemCall> Record(string arguments)
    {
        var log = Path.Combine(Node.Directory, "strace.log");
        Run(arguments, Alone(Strace.Recording(log))).Succeeded();
        var calls = Strace.Calls(File.ReadLines(log), start: "execve(");
        Assert.True(calls.Count > 50, "strace told no system calls");
        return [.. Strace.WhereStatesDiffer(calls)];
    }

    /// <summary>Runs a verb with a fault at a call: <see cref="Fault.Kill"/> or the name of an error.</summary>
    public CniOutput Inject(SystemCall call, string fault, string arguments) => Run(arguments, Fault.At(call, fault, isAlone: true));

    // Without what it executes.
    private static string[] Alone(string[] strace) => [.. strace.Where(static word => word != "-f")];

    public void Dispose() => Node.Dispose();
}
