using System.Text.Json;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>One run of a script that calls the plugins. It boots when the first step is asked for.</summary>
/// <param name="script">Its file name.</param>
/// <param name="parameter">One more of the kernel's command line.</param>
/// <param name="isInstalled">With the kernel of Debian's package, not a newer one.</param>
public abstract class ScriptedGuest(string script, string parameter = "", bool isInstalled = false) : IDisposable
{
    /// <summary>What <see cref="Vlans(string)"/> says behind a port's own VLAN.</summary>
    internal const string Untagged = "PVID Egress-Untagged";

    private readonly Lazy<GuestKernel> guest = new(() =>
    {
        string[] variables =
        [
            parameter,
            $"PLUGINS={PluginDirectory.Ours}",
            $"REFERENCE={PluginDirectory.Reference}",
            $"FAULT_AT={Fault.Tracer}",
        ];
        return isInstalled ? GuestKernel.RunInstalled(script, variables) : GuestKernel.Run(script, variables);
    });

    /// <summary>What a step printed, and its exit code.</summary>
    internal CniOutput Step(string name) => guest.Value.Step(name);

    /// <summary>The version of the guest's kernel.</summary>
    internal Version Kernel => Version.Parse(Step("kernel").Succeeded().Output.Split('-')[0]);

    /// <summary>Fails the test unless all these steps exited with 0.</summary>
    internal void Succeeded(params string[] steps) => Assert.All(steps, step => Step(step).Succeeded());

    /// <summary>The JSON that a step's tool printed.</summary>
    internal JsonElement Look(string name) => JsonSerializer.Deserialize<JsonElement>(Step(name).Succeeded().Output);

    /// <summary>The VLANs of the only port a step shows, as <c>100 PVID Egress-Untagged</c>.</summary>
    internal IReadOnlyList<string> Vlans(string name) => Vlans(Assert.Single(Look(name).EnumerateArray()));

    /// <summary>The VLANs of one port.</summary>
    internal static IReadOnlyList<string> Vlans(JsonElement port) => [.. port.GetProperty("vlans").EnumerateArray().Select(VlanText)];

    private static string VlanText(JsonElement vlan)
    {
        var range = vlan.TryGetProperty("vlanEnd", out var end) ? $"-{end}" : "";
        var flags = vlan.TryGetProperty("flags", out var found)
            ? found.EnumerateArray().Select(static flag => flag.GetString()!.Replace(' ', '-'))
            : [];
        return string.Join(' ', [$"{vlan.GetProperty("vlan")}{range}", .. flags]);
    }

    /// <summary>The addresses of global scope that a step of <c>ip -j addr</c> shows, with their lengths.</summary>
    internal IReadOnlyList<string> GlobalAddresses(string name) =>
        [
            .. Look(name)[0]
                .GetProperty("addr_info")
                .EnumerateArray()
                .Where(static each => each.GetProperty("scope").GetString() == "global")
                .Select(static each => $"{each.GetProperty("local")}/{each.GetProperty("prefixlen")}"),
        ];

    public void Dispose()
    {
        if (guest.IsValueCreated)
            guest.Value.Dispose();
        GC.SuppressFinalize(this);
    }
}
