using System.Buffers;
using System.Text.Json;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// The objects of a JSON stream one after the other: the events of a watch, or the metadata and the items of a list. Only the current one
/// is in memory, and each byte is read once.
/// </summary>
/// <param name="stream">The answer.</param>
/// <param name="isList">True: one object with <c>metadata</c> and <c>items</c>; false: one event after the other, without an end.</param>
/// <param name="options">The bounds, and how long silence may last.</param>
internal sealed class JsonObjects(Stream stream, bool isList, KubernetesOptions options) : IDisposable
{
    private const int FirstLength = 64 * 1024;
    private const int LargeLength = 1024 * 1024;

    private readonly CancellationTokenSource silence = new(Timeout.InfiniteTimeSpan, options.Time);
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstLength);
    private JsonReaderState state = new(new JsonReaderOptions { AllowMultipleValues = !isList, MaxDepth = JsonFields.MostDepth });
    private int begin;
    private int at;
    private int end;
    private int depth = -1;
    private long total;

    /// <summary>The object's position: <c>metadata</c> or <c>items</c>; empty in a watch.</summary>
    public string Property { get; private set; } = "";

    /// <summary>The object, until the next call.</summary>
    public ReadOnlyMemory<byte> Current { get; private set; }

    /// <summary>Whether the list is complete.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Goes to the next object; false at the stream's end.</summary>
    /// <exception cref="ApiException">The stream has invalid JSON, is too long or silent for too long; or it ended within an
    /// object.</exception>
    public async ValueTask<bool> NextAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silence.Token);
        while (!TryNext())
        {
            if (await FillAsync(either.Token, cancellation).ConfigureAwait(false))
                continue;
            return IsAtEnd ? false : throw new ApiException("the Kubernetes API's answer broke off in the middle");
        }

        return true;
    }

    private bool TryNext()
    {
        var reader = new Utf8JsonReader(buffer.AsSpan(at, end - at), isFinalBlock: false, state);
        try
        {
            while (reader.Read())
            {
                if (!Take(ref reader))
                    continue;
                at += (int)reader.BytesConsumed;
                state = reader.CurrentState;
                Current = buffer.AsMemory(begin, at - begin);
                return true;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ApiException($"the Kubernetes API sent invalid JSON: {e.Message}", e);
        }

        at += (int)reader.BytesConsumed;
        state = reader.CurrentState;
        return false;
    }

    // True at an object's end.
    private bool Take(ref Utf8JsonReader reader)
    {
        var token = reader.TokenType;
        if (depth >= 0)
        {
            if (token != JsonTokenType.EndObject || reader.CurrentDepth != depth)
                return false;
            depth = -1;
            return true;
        }

        if (isList && token == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
            Property =
                reader.ValueTextEquals("items"u8) ? "items"
                : reader.ValueTextEquals("metadata"u8) ? "metadata"
                : "";
        else if (token == JsonTokenType.StartObject && IsWanted(reader.CurrentDepth))
            (depth, begin) = (reader.CurrentDepth, at + (int)reader.TokenStartIndex);
        else if (isList && token == JsonTokenType.EndObject && reader.CurrentDepth == 0)
            IsWhole = true;
        else if (!isList)
            throw new JsonException("a watch event is not an object");
        return false;
    }

    private bool IsWanted(int atDepth) =>
        isList ? (atDepth == 1 && Property == "metadata") || (atDepth == 2 && Property == "items") : atDepth == 0;

    private async ValueTask<bool> FillAsync(CancellationToken either, CancellationToken cancellation)
    {
        MakeRoom();
        var time = isList ? options.AnswerTime : options.WatchSilence;
        silence.CancelAfter(time);
        try
        {
            var count = await stream.ReadAsync(buffer.AsMemory(end), either).ConfigureAwait(false);
            end += count;
            total += count;
            if (isList && total > options.Limits.Page)
                throw new ApiException(
                    $"the Kubernetes API sent more than {options.Limits.Page} bytes for one page of a list: it was cut off"
                );
            return count > 0;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ApiException($"the Kubernetes API sent nothing for {time.TotalSeconds} seconds");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ObjectDisposedException or InvalidDataException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new ApiException($"the Kubernetes API's answer broke off: {e.Message}", e);
        }
        finally
        {
            silence.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    private void MakeRoom()
    {
        var kept = depth >= 0 ? begin : at;
        if (end - kept >= options.Limits.Object)
            throw new ApiException($"the Kubernetes API sent an object of more than {options.Limits.Object} bytes: it was cut off");
        // A watch lives for minutes: what one huge object needed is given back behind it.
        var isTooLarge = buffer.Length > LargeLength && end - kept < FirstLength;
        if (end < buffer.Length && kept < buffer.Length / 2 && !isTooLarge)
            return;
        var target =
            isTooLarge ? ArrayPool<byte>.Shared.Rent(FirstLength * 2)
            : kept > 0 && end - kept <= buffer.Length / 2 ? buffer
            : ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.AsSpan(kept, end - kept).CopyTo(target);
        if (target != buffer)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = target;
        (begin, at, end) = (begin - kept, at - kept, end - kept);
    }

    private bool IsAtEnd => isList ? IsWhole : depth < 0 && buffer.AsSpan(at, end - at).TrimStart(" \t\r\n"u8).IsEmpty;

    /// <inheritdoc/>
    public void Dispose()
    {
        silence.Dispose();
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }
}
