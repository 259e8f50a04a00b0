using System.Text;
using System.Text.Json.Nodes;
using Plugboard.Linux;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>
/// Calls that each run on a thread of their own inside the node: as many at once as a test likes, and cheaper than by a shell.
/// </summary>
internal static class CallsBeside
{
    /// <summary>As <see cref="CniNode.Call"/>.</summary>
    public static CniOutput CallBeside(this CniNode node, string verb, CniPod? pod, JsonObject config, params string[] variables)
    {
        var output = node.RunBeside(verb, pod, (string)config["type"]!, CniNode.InputOf(verb, pod, config), [], variables);
        if (verb == "ADD" && pod is not null && output.ExitCode == 0)
            pod.Result = output.Json;
        return output;
    }

    /// <summary>As <see cref="CniNode.CallRaw"/>. The exit code of a process that a signal ended is 128 and the signal's number.</summary>
    public static CniOutput RunBeside(
        this CniNode node,
        string verb,
        CniPod? pod,
        string plugin,
        string input,
        IReadOnlyList<string> prefix,
        params string[] variables
    )
    {
        var command = Command(node, verb, pod, plugin, Encoding.UTF8.GetBytes(input), prefix, variables);
        return Describe(node.RunBeside(command.Run));
    }

    /// <summary>On the node's own thread, which sees the node's mounts: any bytes for input.</summary>
    public static CniOutput RunInside(this CniNode node, string verb, CniPod? pod, string plugin, byte[] input) =>
        Describe(node.Run(Command(node, verb, pod, plugin, input, []).Run));

    /// <summary>Runs one job for each item, all at once, each on a thread of its own; what they throw is thrown together.</summary>
    public static void AtOnce<T>(IEnumerable<T> items, Action<T> job)
    {
        var failures = new Failures();
        var threads = items.Select(item => new Thread(() => failures.Try(() => job(item)))).ToList();
        threads.ForEach(static thread => thread.Start());
        threads.ForEach(static thread => thread.Join());
        failures.ThrowIfAny();
    }

    private static Command Command(
        CniNode node,
        string verb,
        CniPod? pod,
        string plugin,
        byte[] input,
        IReadOnlyList<string> prefix,
        params string[] variables
    )
    {
        string[] words = [.. prefix, Path.Combine(node.Plugins, plugin)];
        return new Command(words[0])
        {
            Arguments = words[1..],
            Environment = node.EnvironmentOf(verb, pod, variables),
            Input = input,
            Timeout = TimeSpan.FromMinutes(2),
        };
    }

    private static CniOutput Describe(CommandResult result) =>
        new(result.ExitCode ?? 128 + result.Signal!.Value, Encoding.UTF8.GetString(result.Output), result.ErrorText);
}
