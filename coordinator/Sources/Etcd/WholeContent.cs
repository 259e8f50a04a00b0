namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// An answer's body that was read to its end, into memory of its own: HttpContent takes its buffers from the process's pool, where those
/// of a large cluster's list would stay for good.
/// </summary>
internal sealed class WholeContent : ByteArrayContent
{
    private const int FirstBytes = 16 * 1024;

    private WholeContent(byte[] buffer, int length)
        : base(buffer, 0, length) => Bytes = buffer.AsMemory(0, length);

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Reads a body, and closes it.</summary>
    /// <exception cref="HttpRequestException">The body has more bytes than allowed, or the connection failed.</exception>
    public static async Task<WholeContent> ReadAsync(HttpContent content, int mostBytes, CancellationToken cancellation)
    {
        using (content)
        {
            var stream = await content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await using var closing = stream.ConfigureAwait(false);
            // One byte more than it says, to see its end without another buffer.
            var buffer = new byte[content.Headers.ContentLength is { } length && length < mostBytes ? (int)length + 1 : FirstBytes];
            for (var end = 0; ; )
            {
                if (end > mostBytes)
                    throw new HttpRequestException($"the answer has more than {mostBytes} bytes");
                if (end == buffer.Length)
                    Array.Resize(ref buffer, Math.Min(buffer.Length * 2, mostBytes + 1));
                var count = await stream.ReadAsync(buffer.AsMemory(end), cancellation).ConfigureAwait(false);
                if (count == 0)
                    return new WholeContent(buffer, end);
                end += count;
            }
        }
    }
}
