using Plugboard.Linux.Files;

namespace Plugboard.Linux.Children;

/// <summary>Bytes that come in pieces, up to a limit; what comes after it is read and dropped.</summary>
internal sealed class ByteCollector(int limit)
{
    private byte[] buffer = [];
    private int length;

    /// <summary>True if more came than the limit.</summary>
    public bool Overflowed { get; private set; }

    public byte[] ToArray() => length == buffer.Length ? buffer : buffer[..length];

    /// <summary>Reads once; false at the end.</summary>
    public bool ReadFrom(FileDescriptor file)
    {
        if (length == buffer.Length)
            Array.Resize(ref buffer, Math.Max(4096, buffer.Length * 2));
        var count = file.Read(buffer.AsSpan(length));
        Overflowed |= count > limit - length;
        length = Math.Min(length + count, limit);
        return count > 0;
    }
}
