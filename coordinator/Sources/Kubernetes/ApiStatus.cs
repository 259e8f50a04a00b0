using System.Text.Json;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>The API's own account of a failure: an object of kind Status.</summary>
internal sealed record ApiStatus
{
    /// <summary>As HTTP's; 0: it does not say.</summary>
    public int Code { get; init; }

    /// <summary>One word, as <c>Expired</c>.</summary>
    public string Reason { get; init; } = "";

    /// <summary>A sentence.</summary>
    public string Message { get; init; } = "";

    /// <summary>The server's Retry-After; null if absent.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Reads a Status; anything else yields an empty one.</summary>
    public static ApiStatus Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new ApiStatus();
        }
    }

    private static ApiStatus Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return new ApiStatus();
        var hasDetails = root.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Object;
        return new ApiStatus
        {
            Code =
                root.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.Number && code.TryGetInt32(out var number)
                    ? number
                    : 0,
            Reason = hasDetails && IsTooNew(details) ? "ResourceVersionTooLarge" : Text(root, "reason"),
            Message = Text(root, "message"),
            RetryAfter =
                hasDetails
                && details.TryGetProperty("retryAfterSeconds", out var after)
                && after.ValueKind == JsonValueKind.Number
                && after.TryGetInt32(out var seconds)
                && seconds > 0
                    ? TimeSpan.FromSeconds(seconds)
                    : null,
        };
    }

    // It is a Timeout by reason; the cause says more.
    private static bool IsTooNew(JsonElement details)
    {
        if (!details.TryGetProperty("causes", out var causes) || causes.ValueKind != JsonValueKind.Array)
            return false;
        foreach (var cause in causes.EnumerateArray())
        {
            if (cause.ValueKind == JsonValueKind.Object && Text(cause, "reason") == "ResourceVersionTooLarge")
                return true;
        }

        return false;
    }

    private static string Text(JsonElement element, string name)
    {
        const int LongEnough = 500;
        if (!element.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
            return "";
        var text = value.GetString()!;
        return text.Length <= LongEnough ? text : text[..LongEnough];
    }

    /// <summary>As an exception.</summary>
    /// <param name="what">The request.</param>
    /// <param name="status">HTTP's status; 0: within a watch.</param>
    /// <param name="retryAfter">The value of HTTP's Retry-After.</param>
    /// <param name="caller">The credentials shown, and why not; null if shown, or if unknown.</param>
    public ApiException ToException(string what, int status, TimeSpan? retryAfter, (string Shown, string? WhyNot)? caller = null)
    {
        var number = status == 0 ? Code : status;
        // A watch's own error without a number is a refusal all the same.
        if (number == 0)
            number = 500;
        var why = Message.Length > 0 ? Message : Reason;
        var text = number switch
        {
            401 or 403 when caller?.WhyNot is { } whyNot =>
                $"the Kubernetes API refuses {what}: {number}{(why.Length > 0 ? $" {why}" : "")}; {whyNot}",
            // An admission policy or webhook says so by itself; no role helps.
            403 when why.Contains("denied", StringComparison.Ordinal) => $"the Kubernetes API refuses {what}: {number} {why}",
            401 => $"the Kubernetes API does not accept {caller?.Shown ?? "this node's token"}: {what}: "
                + $"{(why.Length > 0 ? why : "Unauthorized")}",
            403 => $"RBAC does not let this node do it: {what}: {(why.Length > 0 ? why : "Forbidden")}; " + ApiRights.RemedyFor(what),
            _ => $"the Kubernetes API refuses {what}: {number}{(why.Length > 0 ? $" {why}" : "")}",
        };
        return new ApiException(text)
        {
            Status = number,
            Reason = Reason,
            RetryAfter = retryAfter ?? RetryAfter,
        };
    }
}
