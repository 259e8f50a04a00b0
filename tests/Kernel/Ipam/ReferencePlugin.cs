using System.Text;
using System.Text.Json;
using Plugboard.Protocols.Cni;

#pragma warning disable RS0030 // The reference's whole input is its environment, which is set for one process here, not for the test's.

namespace Plugboard.Tests.Kernel.Ipam;

/// <summary>The reference's host-local, where a package has put it, run as a runtime runs it.</summary>
internal static class ReferencePlugin
{
    private static readonly string[] Places = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];

    public static string? Path { get; } = Places.Select(place => $"{place}/host-local").FirstOrDefault(File.Exists);

    /// <summary>Runs a verb with our request's config and returns standard output; a failure is a <see cref="CniException"/>.</summary>
    public static string Run(string verb, CniRequest request, string version = "1.0.0")
    {
        var config = Encoding
            .UTF8.GetString(request.StdinBytes)
            .Replace($"\"{request.CniVersion}\"", $"\"{version}\"", StringComparison.Ordinal);
        using var process = new System.Diagnostics.Process();
        process.StartInfo = new System.Diagnostics.ProcessStartInfo(Path!)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var environment = process.StartInfo.Environment;
        environment["CNI_COMMAND"] = verb;
        environment["CNI_CONTAINERID"] = request.ContainerId;
        environment["CNI_IFNAME"] = request.IfName;
        environment["CNI_NETNS"] = "/nonexistent";
        environment["CNI_ARGS"] = request.Args;
        environment["CNI_PATH"] = "/nonexistent";
        environment["CNI_NETNS_OVERRIDE"] = "1";
        process.Start();
        process.StandardInput.Write(config);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode == 0)
            return output;
        var error = JsonDocument.Parse(output).RootElement;
        throw new CniException((CniErrorCode)error.GetProperty("code").GetInt32(), error.GetProperty("msg").GetString()!);
    }

    /// <summary>ADD's first address, without its prefix length.</summary>
    public static string AddOne(CniRequest request) =>
        JsonDocument.Parse(Run("ADD", request)).RootElement.GetProperty("ips")[0].GetProperty("address").GetString()!.Split('/')[0];
}
