using System.Text.Json;
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

    /// <summary>True where the call failed as it must: with one JSON document that has a code and a text.</summary>
    public bool IsOneError =>
        ExitCode == 1
        && IsDocument(static root => root.GetProperty("code").GetInt32() > 0 && root.GetProperty("msg").GetString()!.Length > 0);

    /// <summary>
    /// True where it is what a call of that verb must answer with, well or not; no unexpected exception (code 999).
    /// </summary>
    public bool IsProper(string verb) =>
        ExitCode switch
        {
            0 when verb != "ADD" => Output.Length == 0,
            0 => IsDocument(static _ => true),
            _ => IsOneError && Code != 999,
        };

    private bool IsDocument(Func<JsonElement, bool> isRight)
    {
        try
        {
            using var document = JsonDocument.Parse(Output);
            return isRight(document.RootElement);
        }
        catch (JsonException)
        {
            return false;
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
