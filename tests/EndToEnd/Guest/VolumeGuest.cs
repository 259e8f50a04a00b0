using System.Text.Json;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>One run of a script that calls the FlexVolume driver. It boots when the first step is asked for.</summary>
/// <param name="script">Its file name.</param>
public abstract class VolumeGuest(string script) : ScriptedGuest(script)
{
    /// <summary>The directory of the pod's volumes.</summary>
    internal const string Pods = "/var/lib/kubelet/pods/0e6d1c2a-1111-2222-3333-444455556666/volumes";

    /// <summary>What a call of the driver answered.</summary>
    internal (string Status, string Message) Answer(string step)
    {
        var json = JsonSerializer.Deserialize<JsonElement>(Step(step).Succeeded().Output);
        return (json.GetProperty("status").GetString()!, json.TryGetProperty("message", out var message) ? message.GetString()! : "");
    }

    /// <summary>Fails the test unless the call failed with that message.</summary>
    internal void Failed(string step, string message) => Assert.Equal(("Failure", message), Answer(step));

    /// <summary>Fails the test unless all these calls succeeded.</summary>
    internal void Done(params string[] steps) => Assert.All(steps, step => Assert.Equal("Success", Answer(step).Status));
}
