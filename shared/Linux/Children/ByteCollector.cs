using Plugboard.Linux.Files;

namespace Plugboard.Linux.Children;

/// <summary>Bytes that come in pieces.</summary>
internal sealed class ByteCollector
{
    private byte[] buffer = [];
    private int length;

    public byte[] ToArray() => length == buffer.Length ? buffer : buffer[..length];

    /// <summary>Reads once; false at the end.</summary>
    public bool ReadFrom(FileDescriptor file)
    {
        if (length == buffer.Length)
            Array.Resize(ref buffer, Math.Max(4096, buffer.Length * 2));
        var count = file.Read(buffer.AsSpan(length));
        length += count;
        return count > 0;
    }
}
