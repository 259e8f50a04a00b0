using System.Text;
using System.Text.Json;
using Plugboard.Hosting;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Hosting;

/// <summary>Calls of a plugin as a runtime makes them, without a process.</summary>
internal static class Calls
{
    public const string Config = """{"cniVersion":"1.1.0","name":"n","type":"fake"}""";

    public static (string Output, int ExitCode) Serve(CniPlugin plugin, string command, string stdin = Config, params string[] variables)
    {
        var outcome = CniCall.Serve(plugin, Environment(command, variables), () => Encoding.UTF8.GetBytes(stdin));
        return (Encoding.UTF8.GetString(outcome.Output), outcome.ExitCode);
    }

    public static (int Code, string Message, string Details) Fail(
        CniPlugin plugin,
        string command,
        string stdin = Config,
        params string[] variables
    )
    {
        var (output, exitCode) = Serve(plugin, command, stdin, variables);
        Assert.Equal(1, exitCode);
        using var document = JsonDocument.Parse(output);
        var root = document.RootElement;
        return (
            root.GetProperty("code").GetInt32(),
            root.GetProperty("msg").GetString()!,
            root.TryGetProperty("details", out var details) ? details.GetString()! : ""
        );
    }

    public static Func<string, string?> Environment(string command, params string[] variables) =>
        name =>
        {
            var given = Array.FindLast(variables, v => v.StartsWith(name + "=", StringComparison.Ordinal));
            return given is not null
                ? given[(name.Length + 1)..]
                : name switch
                {
                    "CNI_COMMAND" => command,
                    "CNI_CONTAINERID" => "c1",
                    "CNI_NETNS" => "/run/netns/nowhere",
                    "CNI_IFNAME" => "eth0",
                    "CNI_PATH" => "/opt/nowhere",
                    _ => null,
                };
        };

    public static CniRequest Request(string stdin, string path, CniVerb verb = CniVerb.Add, string containerId = "c1")
    {
        var bytes = Encoding.UTF8.GetBytes(stdin);
        var environment = CniEnvironment.Parse(
            Environment(CniEnvironment.NameOf(verb), $"CNI_PATH={path}", $"CNI_CONTAINERID={containerId}")
        );
        return CniRequest.From(environment, verb, NetworkConfig.Parse(bytes), bytes);
    }
}
