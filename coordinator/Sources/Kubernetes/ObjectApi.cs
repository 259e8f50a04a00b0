using System.Globalization;
using System.Text.Json;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>Reads what is kept of an object.</summary>
/// <param name="json">The object, complete.</param>
internal delegate T ObjectReader<out T>(ReadOnlySpan<byte> json);

/// <summary>The objects of one kind in the API: list and watch.</summary>
/// <param name="client">Sends the requests.</param>
/// <param name="kind">The kind.</param>
/// <param name="read">Reads an object; throws <see cref="ApiException"/> if it is invalid.</param>
/// <param name="options">The limits.</param>
internal sealed class ObjectApi<T>(ApiClient client, ResourceKind kind, ObjectReader<T> read, KubernetesOptions options)
{
    private static readonly TimeSpan longestList = TimeSpan.FromMinutes(5);

    // The one that is served.
    private string path = kind.Path;

    /// <summary>All objects, page by page, each given to <paramref name="take"/>; the version to watch from.</summary>
    public async Task<string> ListAsync(Action<T> take, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(longestList, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            return await ListServedAsync(take, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ApiException(
                $"the Kubernetes API did not finish the list of {kind.Plural} within {longestList.TotalMinutes} minutes"
            );
        }
    }

    private async Task<string> ListServedAsync(Action<T> take, CancellationToken cancellation)
    {
        path = kind.Path;
        foreach (var older in kind.OlderPaths)
        {
            try
            {
                return await ListPagesAsync(take, cancellation).ConfigureAwait(false);
            }
            catch (ApiException e) when (e.IsNotServed)
            {
                path = older;
            }
        }

        return await ListPagesAsync(take, cancellation).ConfigureAwait(false);
    }

    private async Task<string> ListPagesAsync(Action<T> take, CancellationToken cancellation)
    {
        var (version, next, count) = ("", "", 0);
        for (var page = 0; page < options.Limits.Pages; page++)
        {
            var asked = string.Create(CultureInfo.InvariantCulture, $"{path}?limit={options.PageSize}");
            if (next.Length > 0)
                asked += $"&continue={Uri.EscapeDataString(next)}";
            (version, next) = await ReadPageAsync(asked, Counted, cancellation).ConfigureAwait(false);
            if (version.Length == 0)
                throw new ApiException($"the Kubernetes API's list of {kind.Plural} is invalid: it has no resourceVersion");
            if (next.Length == 0)
                return version;
        }

        throw new ApiException($"the Kubernetes API's list of {kind.Plural} has more than {options.Limits.Pages} pages: it was cut off");

        void Counted(T item)
        {
            if (++count > kind.Most)
                throw new ApiException($"the Kubernetes API's list has more than {kind.Most} {kind.Plural}: it was cut off");
            take(item);
        }
    }

    private async Task<(string Version, string Continue)> ReadPageAsync(string asked, Action<T> take, CancellationToken cancellation)
    {
        using var response = await client.SendAsync(HttpMethod.Get, asked, body: null, cancellation).ConfigureAwait(false);
        var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        using var objects = new JsonObjects(stream, isList: true, options);
        var (version, next) = ("", "");
        while (await objects.NextAsync(cancellation).ConfigureAwait(false))
        {
            if (objects.Property == "items")
                take(read(objects.Current.Span));
            else
                (version, next) = ReadMetadata(objects.Current.Span);
        }

        return (version, next);
    }

    private static (string Version, string Continue) ReadMetadata(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        var (version, next) = ("", "");
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("resourceVersion"u8))
                version = JsonFields.Text(ref reader) ?? "";
            else if (reader.ValueTextEquals("continue"u8))
                next = JsonFields.Text(ref reader) ?? "";
            else
                reader.Skip();
        }

        return (version, next);
    }

    /// <summary>What changes from a version on, until the server ends it.</summary>
    /// <param name="version">The version.</param>
    /// <param name="begun">Called once the server has agreed.</param>
    /// <param name="take">Gets each event.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task WatchAsync(string version, Action begun, Action<WatchEvent<T>> take, CancellationToken cancellation)
    {
#pragma warning disable CA5394 // No secret: the nodes' watches are not to end at once.
        var seconds = options.Random.Next(300, 601);
#pragma warning restore CA5394
        var asked = string.Create(
            CultureInfo.InvariantCulture,
            $"{path}?watch=1&resourceVersion={Uri.EscapeDataString(version)}&allowWatchBookmarks=true&timeoutSeconds={seconds}"
        );
        using var response = await client.SendAsync(HttpMethod.Get, asked, body: null, cancellation).ConfigureAwait(false);
        begun();
        // A watch may exceed its requested time, or send blanks for ever: it is ended here.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds + 30), options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        using var objects = new JsonObjects(stream, isList: false, options);
        try
        {
            while (await objects.NextAsync(either.Token).ConfigureAwait(false))
                take(WatchEvent<T>.Read(objects.Current, kind, read));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // As at the server's own end.
        }
    }
}
