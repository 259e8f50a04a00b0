using System.Text.Json.Nodes;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>
/// A system call that goes wrong: by a tracer of the tests' own (<c>fault-at.c</c>), which starts in a fifth of strace's time.
/// </summary>
internal static class Fault
{
    /// <summary>The process ends before it does the call.</summary>
    public const string Kill = "kill";

    private static readonly Lazy<string> tracer = new(Compile);

    /// <summary>The tracer's executable.</summary>
    public static string Tracer => tracer.Value;

    /// <summary>The words before a command that has a fault at that call, in each of its processes, at it alone or from it on.</summary>
    /// <param name="call">Which call.</param>
    /// <param name="fault"><see cref="Kill"/>, or the name of an error: EIO.</param>
    /// <param name="fromThereOn">True: every later call of that name fails too.</param>
    /// <param name="isAlone">True: not in what the command executes.</param>
    public static string[] At(SystemCall call, string fault, bool fromThereOn = false, bool isAlone = false) =>
        [tracer.Value, .. isAlone ? (string[])["--alone"] : [], call.Name, $"{call.Number}{(fromThereOn ? "+" : "")}", fault];

    /// <summary>Calls the plugin with a fault at that call, or from it on.</summary>
    public static CniOutput Inject(
        CniNode node,
        SystemCall call,
        string fault,
        string verb,
        CniPod pod,
        JsonObject config,
        bool fromThereOn = false
    ) => node.RunBeside(verb, pod, (string)config["type"]!, CniNode.InputOf(verb, pod, config), At(call, fault, fromThereOn));

    // With the kernel's names of all calls. Each run of the tests has its own, which takes the place of another's at once.
    private static string Compile()
    {
        var directory = Directory.CreateDirectory(Path.Combine(PluginDirectory.Root, "artifacts/test-tools")).FullName;
        var executable = Path.Combine(directory, "fault-at");
        const string Script = """
            mkdir "$1.$$"
            echo '#include <sys/syscall.h>' | gcc -E -dM - | sed -n 's/^#define SYS_\([a-z0-9_]*\) .*/{"\1", SYS_\1},/p' > "$1.$$/calls.h"
            gcc -O2 -Wall -Wextra -Werror -static -I"$1.$$" -o "$1.$$/new" "$2"
            mv "$1.$$/new" "$1"
            rm -r "$1.$$"
            """;
        var source = Path.Combine(PluginDirectory.Root, "tests/EndToEnd/Harness/fault-at.c");
        var (exitCode, output) = HostTool.Run("sh", ["-euc", Script, "sh", executable, source]);
        return exitCode == 0 ? executable : throw new InvalidOperationException($"{source} does not compile: {output}");
    }
}
