namespace Plugboard.Testing.Kubernetes;

/// <summary>What a server of the tests answers.</summary>
public sealed record FakeAnswer(int Status, string Body = "")
{
    /// <summary>More lines of the head.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>Writes a body without an announced end in place of <see cref="Body"/>; the connection ends with it.</summary>
    public Func<Stream, CancellationToken, Task>? Stream { get; init; }

    /// <summary>A refusal as the API makes one.</summary>
    public static FakeAnswer Refusal(int status, string reason, string message) =>
        new(
            status,
            $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{{message}}","reason":"{{reason}}","code":{{status}}}"""
        );

    /// <summary>Nothing at all, until it is ended.</summary>
    public static FakeAnswer Silence { get; } = new(0) { Stream = static (_, cancellation) => Task.Delay(Timeout.Infinite, cancellation) };
}
