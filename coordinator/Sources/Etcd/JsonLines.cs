namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>The lines of a stream that does not end, each within a bound.</summary>
internal sealed class JsonLines(Stream stream, int mostBytes)
{
    private byte[] buffer = new byte[16 * 1024];
    private int start;
    private int end;

    /// <summary>The next line without its end, valid until the next call; null at the stream's end.</summary>
    /// <exception cref="EtcdException">The line is longer than the bound.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellation)
    {
        var searched = 0;
        while (true)
        {
            var at = buffer.AsSpan(start + searched, end - start - searched).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = buffer.AsMemory(start, searched + at);
                start += searched + at + 1;
                return line;
            }

            searched = end - start;
            MakeRoom();
            var count = await stream.ReadAsync(buffer.AsMemory(end), cancellation).ConfigureAwait(false);
            if (count == 0)
                return null;
            end += count;
        }
    }

    private void MakeRoom()
    {
        if (end < buffer.Length)
            return;
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            return;
        }

        if (buffer.Length >= mostBytes)
            throw new EtcdException($"a message of the watch has more than {mostBytes} bytes");
        Array.Resize(ref buffer, Math.Min(buffer.Length * 2, mostBytes));
    }
}
