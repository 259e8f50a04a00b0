using System.Text.Json.Nodes;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>What a plugin's process left: exit code, stdout, stderr.</summary>
internal sealed record CniOutput(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as the one JSON document that it must be; fails the test where it is not.</summary>
    public JsonNode Json => JsonNode.Parse(Output) ?? throw new InvalidOperationException($"no JSON: {Output}");

    /// <summary>The error's code; fails the test where the call succeeded.</summary>
    public int Code
    {
        get
        {
            Assert.True(ExitCode == 1, $"the call succeeded: {Output}");
            return (int)Json["code"]!;
        }
    }

    /// <summary>The error's text.</summary>
    public string Message => (string)Json["msg"]!;

    /// <summary>What to do about the error; empty where it does not say.</summary>
    public string Details => (string?)Json["details"] ?? "";

    /// <summary>This, once it is seen that the call succeeded.</summary>
    public CniOutput Succeeded()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Output}{Error}");
        return this;
    }
}
