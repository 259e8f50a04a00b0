using System.Text.Json;

namespace Plugboard.Tests.EndToEnd.FlexVolume;

/// <summary>What a call of the driver printed and how it ended.</summary>
internal sealed record FlexOutput(int ExitCode, string Output, string Error)
{
    /// <summary>The one JSON object that there must be, with nothing beside it.</summary>
    public JsonElement Json
    {
        get
        {
            Assert.Equal((0, ""), (ExitCode, Error));
            Assert.EndsWith("}\n", Output, StringComparison.Ordinal);
            Assert.Equal(1, Output.Count(static c => c == '\n'));
            return JsonSerializer.Deserialize<JsonElement>(Output);
        }
    }

    public string Status => Json.GetProperty("status").GetString()!;

    public string Message => Json.TryGetProperty("message", out var message) ? message.GetString()! : "";

    public FlexOutput Succeeded()
    {
        Assert.True(ExitCode == 0 && Status == "Success", Output + Error);
        return this;
    }

    /// <summary>Fails the test unless the call failed as a driver's call must.</summary>
    public FlexOutput Failed(string message)
    {
        Assert.Equal(("Failure", message), (Status, Message));
        return this;
    }
}
