using System.Text;
using System.Text.Json;
using Plugboard.Linux;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Install;

/// <summary>Executes what is to be placed, as its callers will, and looks at the answer.</summary>
public static class Verification
{
    /// <summary>How long the answer may take, in seconds. The slowest seen on a busy node is a hundredth of it.</summary>
    private const int Seconds = 10;

    /// <summary>Calls a CNI plugin with VERSION: null, or what a runtime would not like about its answer.</summary>
    /// <param name="executable">The path to execute.</param>
    /// <exception cref="ErrnoException">It could not be executed.</exception>
    public static string? FindProblemOfPlugin(string executable)
    {
        var command = new Command(executable)
        {
            Environment = ["CNI_COMMAND=VERSION"],
            Input = "{\"cniVersion\":\"1.0.0\"}"u8.ToArray(),
            Timeout = TimeSpan.FromSeconds(Seconds),
        };
        var result = command.Run();
        if (FindProblem("VERSION", result) is { } problem)
            return problem;
        try
        {
            using var answer = JsonDocument.Parse(result.Output);
            return
                answer.RootElement.ValueKind == JsonValueKind.Object
                && answer.RootElement.TryGetProperty("supportedVersions", out var versions)
                && versions.ValueKind == JsonValueKind.Array
                && versions.GetArrayLength() > 0
                ? null
                : $"VERSION tells no supportedVersions: {Text(result.Output)}";
        }
        catch (JsonException)
        {
            return $"VERSION answers no JSON: {Text(result.Output)}";
        }
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

    /// <summary>The version that one of our executables tells of itself; null where it tells none.</summary>
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
        return $"{call} ended with "
            + $"{(result.Signal is { } signal ? $"signal {signal}" : $"exit code {result.ExitCode}")}{(result.Output.Length + result.Error.Length > 0 ? $": {Text([.. result.Output, .. result.Error])}" : "")}";
    }

    private static string Text(byte[] output)
    {
        const int Most = 200;
        var text = Encoding.UTF8.GetString(output).Trim().ReplaceLineEndings(" ");
        return text.Length <= Most ? text : text[..Most] + "…";
    }
}
