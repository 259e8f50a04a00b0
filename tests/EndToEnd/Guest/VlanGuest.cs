using System.Text.Json;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>One run of vlan.sh, which boots when the first step is asked for.</summary>
public sealed class VlanGuest : IDisposable
{
    private readonly Lazy<GuestKernel> guest = new(static () => GuestKernel.Run("vlan.sh", $"PLUGINS={PluginDirectory.Ours}"));

    /// <summary>What a step printed, and its exit code.</summary>
    internal CniOutput Step(string name) => guest.Value.Step(name);

    /// <summary>The JSON that a step's tool printed.</summary>
    internal JsonElement Look(string name) => JsonSerializer.Deserialize<JsonElement>(Step(name).Succeeded().Output);

    /// <summary>The VLANs of the only port a step shows, as <c>100 PVID Egress-Untagged</c>.</summary>
    internal IReadOnlyList<string> Vlans(string name) => Vlans(Assert.Single(Look(name).EnumerateArray()));

    /// <summary>The VLANs of one port.</summary>
    internal static IReadOnlyList<string> Vlans(JsonElement port) => [.. port.GetProperty("vlans").EnumerateArray().Select(VlanText)];

    private static string VlanText(JsonElement vlan)
    {
        var range = vlan.TryGetProperty("vlanEnd", out var end) ? $"-{end}" : "";
        var flags = vlan.TryGetProperty("flags", out var found) ? found.EnumerateArray().Select(static flag => flag.GetString()!.Replace(' ', '-')) : [];
        return string.Join(' ', [$"{vlan.GetProperty("vlan")}{range}", .. flags]);
    }

    public void Dispose()
    {
        if (guest.IsValueCreated)
            guest.Value.Dispose();
    }
}
